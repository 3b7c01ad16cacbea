import { abiReach, listSecurityFlags } from '@cpu-atlas/core';
import type { RankedChoiceDocument } from '@cpu-atlas/contract';
import { CommandBox } from '../../inspector/command-box.tsx';
import '../../inspector/inspector.css';
import type { ViewState } from '../../navigation/route.ts';
import { countHosts } from './answer.tsx';
import { HostNames } from './host-names.tsx';
import type { PlanInput } from './plan-input.ts';
import { Share } from './share.tsx';
import { TakeAway } from './take-away.tsx';

interface ChoicePaneProps {
  readonly choice: RankedChoiceDocument;
  readonly input: PlanInput;
  readonly machine: string;
  readonly state: ViewState<'pools'>;
}

/** One choice: its line and the proof of it, what it costs, what it is good for, and the configuration to take away. */
export function ChoicePane({ choice, input, machine, state }: ChoicePaneProps) {
  const { model, line, proof, deprecated, isDefined, isOfVendor } = choice;
  return (
    <aside className="page-side pool-pane" aria-label={`The choice ${model}`}>
      <h2 className="page-section-title mono">{model}</h2>
      <p className="chips">
        {deprecated ? (
          <span className="chip" data-tone="filtered">
            deprecated
          </span>
        ) : null}
        {isDefined ? null : (
          <span className="chip" data-tone="filtered">
            is what each host is
          </span>
        )}
        {isOfVendor ? null : (
          <span className="chip" data-tone="filtered">
            of another vendor
          </span>
        )}
      </p>
      <section className="page-section">
        <h3 className="pool-caption">Line for {machine}</h3>
        <CommandBox text={`-machine ${machine} -cpu ${line.cpu},enforce`} label="Copy the command line" />
        <p className="pool-verdict">
          <Share tally={proof} /> {sayProof(choice)}
        </p>
        {proof.deciding === null ? null : (
          <p className="quiet">
            {proof.deciding.host.name}: {proof.deciding.obstacle.reason}
            {proof.deciding.obstacle.bit === null ? null : <code> {proof.deciding.obstacle.bit}</code>}
          </p>
        )}
        <dl className="facts pool-line">
          <Edit term="taken out" names={line.removed} why="some host lacks it" />
          <Edit
            term="switched off"
            names={line.pinned}
            why="KVM drops it in silence; off, the line means the same everywhere"
          />
          <Edit term="added" names={line.added} why="every host has it" />
        </dl>
      </section>
      <Losses choice={choice} />
      <Reach choice={choice} />
      <TakeAway choice={choice} input={input} machine={machine} state={state} />
    </aside>
  );
}

function sayProof({ proof: { answer, yes, no, unknown, total } }: RankedChoiceDocument): string {
  if (answer === 'yes') return `starts under enforce on all ${total}, with the same CPU`;
  if (answer === 'unknown') return `starts on ${yes}; ${countHosts(unknown)} cannot be told`;
  const silent = unknown === 0 ? '' : `, ${unknown} unknown`;
  return `does not start, or gives another CPU, on ${countHosts(no)}${silent}`;
}

function Edit({
  term,
  names,
  why,
}: {
  readonly term: string;
  readonly names: readonly string[];
  readonly why: string;
}) {
  if (names.length === 0) return null;
  return (
    <>
      <dt title={why}>{term}</dt>
      <dd className="mono">{names.join(' ')}</dd>
    </>
  );
}

function Losses({ choice: { losses, refusals } }: { readonly choice: RankedChoiceDocument }) {
  return (
    <section className="page-section">
      <h3 className="pool-caption">As it is, it loses</h3>
      {losses.length === 0 && refusals.length === 0 ? <p className="quiet">Nothing on any host that answers.</p> : null}
      <table className="sheet pool-sheet">
        <tbody>
          {losses.map(({ feature, hostCount, firstHosts }) => (
            <tr key={feature}>
              <th scope="row" className="mono">
                {feature}
              </th>
              <td className="number">{hostCount}</td>
              <td>
                <HostNames hosts={firstHosts} count={hostCount} />
              </td>
            </tr>
          ))}
          {refusals.map(({ reason, hostCount, firstHosts }) => (
            <tr key={reason}>
              <th scope="row" className="pool-wrap">
                {reason}
              </th>
              <td className="number">{hostCount}</td>
              <td>
                <HostNames hosts={firstHosts} count={hostCount} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Reach({ choice: { features, wished } }: { readonly choice: RankedChoiceDocument }) {
  const own = new Set(features);
  const { name, short } = abiReach((feature) => own.has(feature));
  const flags = listSecurityFlags().filter(({ flag }) => wished.includes(flag));
  return (
    <section className="page-section">
      <h3 className="pool-caption">The guest</h3>
      <dl className="facts">
        <dt>ABI level</dt>
        <dd>
          <span className="mono">{name ?? 'below x86-64-v1'}</span>
          {short[0] === undefined ? null : (
            <span className="quiet">
              {' '}
              short of {short[0].name}: <code>{short[0].lacks.join(' ')}</code>
            </span>
          )}
        </dd>
        <dt>Mitigations</dt>
        <dd>
          {flags.length === 0 ? <span className="quiet">none that all hosts have</span> : null}
          <span className="chips">
            {flags.map(({ flag, text }) => (
              <span key={flag} className="chip mono" data-tone="runs" title={text}>
                {flag}
              </span>
            ))}
          </span>
        </dd>
        <dt>Features</dt>
        <dd>
          <details>
            <summary>{features.length}</summary>
            <code>{features.join(' ')}</code>
          </details>
        </dd>
      </dl>
    </section>
  );
}
