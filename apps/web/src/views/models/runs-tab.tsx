import { findFeature } from '@cpu-atlas/core';
import type { Cube, FeatureNeed, ModelReach } from '@cpu-atlas/core';
import { faultOf } from '../../api/fault.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { OutcomeGlyph } from '../../components/outcome-glyph.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { countFeatures, outcomeWords, outcomes, statusOutcome } from '../../matrix/cell.ts';
import type { Outcome } from '../../matrix/cell.ts';
import { formatRoute, routeTo } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import type { ModelPart } from './model-view.tsx';
import { useReach } from './use-reach.ts';

/** On which hosts the model runs, what it loses there, and what they would need. */
export function RunsTab(part: ModelPart) {
  const { loaded, state } = part;
  const change = useChange('model');
  const { cube, reach, needs, error, isSuperseded, isWaiting, retry } = useReach(part);
  if (error !== null) return <FaultNotice fault={faultOf(error)} onRetry={retry} />;
  if (cube === undefined) return <div className="models-skeleton" role="status" aria-label="Loading the fleet" />;
  const total = cube.hosts.ids.length;
  return (
    <div className="page">
      <div className="page-toolbar">
        <Segmented
          label="Asked with"
          choices={[
            { value: 'own', label: 'each host’s own QEMU' },
            { value: 'this', label: `QEMU ${loaded.index.catalog.qemu.version}` },
          ]}
          chosen={state.asked}
          onChoose={(asked) => change({ asked })}
        />
        <p className="model-tally" role="status">
          <Tally reach={reach} total={total} />
        </p>
        {isWaiting ? (
          <p className="quiet" role="status">
            Loading catalogs: what hosts lack is not told of all yet
          </p>
        ) : null}
      </div>
      {total === 0 ? (
        <EmptyState title="No host is known">
          <p>Join hosts, or import their snapshots, under Manage.</p>
        </EmptyState>
      ) : (
        <div className="model-runs" data-superseded={isSuperseded ? '' : undefined}>
          <div className="page-scroll" tabIndex={0} role="region" aria-label="Hosts">
            <HostSheet reach={reach} cube={cube} state={state} />
          </div>
          <aside className="page-side model-needs" tabIndex={0} aria-label="What it would need">
            <Needs needs={needs} reach={reach} />
          </aside>
        </div>
      )}
    </div>
  );
}

function outcomeOf({ outcome }: ModelReach): Outcome {
  return outcome === 'not-offered' ? outcome : statusOutcome(outcome);
}

function countHosts(reach: readonly ModelReach[], outcome: Outcome): number {
  return reach.filter((one) => outcomeOf(one) === outcome).reduce((sum, { hosts }) => sum + hosts.length, 0);
}

/** n/N by outcome. */
function Tally({ reach, total }: { readonly reach: readonly ModelReach[]; readonly total: number }) {
  return outcomes
    .map((outcome) => ({ outcome, count: countHosts(reach, outcome) }))
    .filter(({ count }) => count > 0)
    .map(({ outcome, count }) => (
      <span key={outcome} className="model-tally-part">
        <OutcomeGlyph outcome={outcome} />{' '}
        <span className="mono">
          {count}/{total}
        </span>{' '}
        {outcomeWords[outcome]}
      </span>
    ));
}

interface HostSheetProps {
  readonly reach: readonly ModelReach[];
  readonly cube: Cube;
  readonly state: ModelPart['state'];
}

function HostSheet({ reach, cube, state }: HostSheetProps) {
  return (
    <table className="sheet">
      <thead>
        <tr>
          <th scope="col">Outcome</th>
          <th scope="col">Hosts</th>
          <th scope="col">QEMU</th>
          <th scope="col">What they lack</th>
        </tr>
      </thead>
      <tbody>
        {reach.map((one) => (
          <HostLine key={one.hosts[0]} reach={one} cube={cube} state={state} />
        ))}
      </tbody>
    </table>
  );
}

/** Names of one line; more are counted. */
const namesShown = 6;

function HostLine({
  reach,
  cube,
  state,
}: {
  readonly reach: ModelReach;
  readonly cube: Cube;
  readonly state: ModelPart['state'];
}) {
  const { hosts, qemu, filteredCount } = reach;
  const outcome = outcomeOf(reach);
  const nameOf = (id: string) => cube.hosts.names[cube.hosts.ids.indexOf(id)] ?? id;
  const rest = hosts.length - namesShown;
  return (
    <tr>
      <th scope="row">
        <OutcomeGlyph outcome={outcome} />{' '}
        {outcome === 'filtered' ? `${filteredCount} filtered` : outcomeWords[outcome]}
      </th>
      <td>
        <ul className="model-hosts">
          {hosts.slice(0, namesShown).map((id) => (
            <li key={id}>
              <a
                title="Explain it there"
                href={formatRoute(
                  routeTo('matrix', {
                    host: id,
                    accel: state.accel,
                    cell: { model: state.name, machine: state.machine },
                    ...(qemu === null ? {} : { catalog: qemu.catalog }),
                  }),
                )}
              >
                {nameOf(id)}
              </a>
            </li>
          ))}
          {rest > 0 ? (
            <li className="quiet" title={hosts.slice(namesShown).map(nameOf).join(', ')}>
              +{rest}
            </li>
          ) : null}
        </ul>
      </td>
      <td className="mono models-small">{qemu === null ? '–' : (qemu.runsAs ?? qemu.version)}</td>
      <td className="models-small">{describeLoss(reach)}</td>
    </tr>
  );
}

/** Which features are lacking, and how many more go because they depend on those. */
function describeLoss({ outcome, lacks, filteredCount, qemu }: ModelReach): string {
  if (qemu === null) return 'silent, or never seen: it cannot be told';
  if (outcome === 'not-offered') return 'this QEMU has no such model or machine type';
  if (lacks === null) return '';
  if (outcome === 'unknown') {
    return lacks.length === 0 ? 'a layer that decides was not seen' : `${lacks.join(', ')}, and what was not seen`;
  }
  const more = outcome === 'filtered' ? filteredCount - lacks.length : 0;
  const names = lacks.join(', ');
  return more > 0 ? `${names}${names === '' ? '' : '; '}${countFeatures(more)} that depend on others` : names;
}

interface NeedsProps {
  readonly needs: readonly FeatureNeed[];
  readonly reach: readonly ModelReach[];
}

function Needs({ needs, reach }: NeedsProps) {
  const isAsked = reach.some(({ lacks, outcome }) => lacks !== null && outcome !== 'not-offered');
  return (
    <>
      <h3 className="page-section-title">What it would need</h3>
      {needs.length === 0 ? (
        <p className="quiet">
          {!isAsked ? 'No host answers.' : 'Nothing: no host that answers lacks a feature that it asks for.'}
        </p>
      ) : (
        <table className="sheet">
          <thead>
            <tr>
              <th scope="col">Feature</th>
              <th scope="col" className="number">
                Lacked by
              </th>
            </tr>
          </thead>
          <tbody>
            {needs.map(({ name, lackedBy, of }) => (
              <tr key={name} title={findFeature(name)?.description}>
                <th scope="row" className="mono">
                  <a href={formatRoute(routeTo('pivot', { rows: 'feature', search: name }))}>{name}</a>
                </th>
                <td className="number">
                  {lackedBy.length}/{of}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
