import type { BaselineMode, LibvirtCpu } from '@cpu-atlas/core';
import type { BaselineResult } from '@cpu-atlas/contract';
import { CommandBox } from '../../inspector/command-box.tsx';
import '../../inspector/inspector.css';
import { countHosts } from './answer.tsx';
import { HostNames } from './host-names.tsx';
import { writeLibvirtCpu } from './write-libvirt-cpu.ts';

type VendorBaseline = BaselineResult['vendors'][number];

const titles = {
  'all-you-can-enable': 'All you can enable',
  'match-host-cpu': 'Match the host CPUs',
  'best-predefined-model': 'Best predefined model',
} as const satisfies Record<BaselineMode, string>;

const meanings = {
  'all-you-can-enable': 'Whatever QEMU and KVM give on every host, emulated features too',
  'match-host-cpu': 'Of that, what the CPUs themselves have',
  'best-predefined-model': 'The named model that gives most and runs everywhere as it is',
} as const satisfies Record<BaselineMode, string>;

/** Hosts that are named with a reason; the others are counted. */
const shownHosts = 3;

const tones = { found: 'runs', none: 'refused', unknown: 'quiet' } as const;

/** One meaning of “the best CPU”, for each vendor its own. */
export function BaselineCard({ result }: { readonly result: BaselineResult }) {
  return (
    <>
      <h2 className="page-section-title">{titles[result.mode]}</h2>
      <p className="quiet pool-meaning">{meanings[result.mode]}</p>
      {result.vendors.length > 1 ? <p className="pool-verdict">{result.reason}</p> : null}
      {result.vendors.map((vendor) => (
        <Vendor key={vendor.vendor ?? ''} baseline={vendor} />
      ))}
    </>
  );
}

function Vendor({ baseline }: { readonly baseline: VendorBaseline }) {
  const { vendor, outcome, answering, hosts, cpu, features, openFeatures, reasons, silent, abi, presets } = baseline;
  const own = new Set(silent.map(({ name, reason }) => `${name}: ${reason}`));
  const met = presets.filter(({ isMet }) => isMet).map(({ id }) => id);
  return (
    <section className="page-section">
      <p className="chips">
        <span className="chip" data-tone={tones[outcome]}>
          {outcome === 'found' ? 'found' : outcome === 'none' ? 'none' : '? unknown'}
        </span>
        <span>{vendor ?? 'vendor unknown'}</span>
        <span className="quiet mono">
          {answering}/{hosts}
        </span>
      </p>
      {cpu === null ? null : <CommandBox text={cpu} label="Copy the -cpu argument" />}
      {reasons
        .filter((reason) => !own.has(reason))
        .map((reason) => (
          <p key={reason}>{reason}</p>
        ))}
      {[...groupByReason(silent)].map(([reason, of]) => (
        <p key={reason} className="quiet">
          ? <HostNames hosts={of.slice(0, shownHosts)} count={of.length} />: {reason}
        </p>
      ))}
      <dl className="facts pool-line">
        <dt>ABI level</dt>
        <dd className="mono">{abi.name ?? 'below x86-64-v1'}</dd>
        <dt>Features</dt>
        <dd>
          {features.length}
          {openFeatures.length === 0 ? null : (
            <span className="quiet" title={openFeatures.join(' ')}>
              , and {openFeatures.length} that a silent host leaves open
            </span>
          )}
        </dd>
        <dt>Good for</dt>
        <dd>{met.length === 0 ? <span className="quiet">no preset</span> : met.join(', ')}</dd>
      </dl>
      <Verdicts baseline={baseline} />
      <BetterModels baseline={baseline} />
    </section>
  );
}

function Verdicts({ baseline: { verdicts, accumulated } }: { readonly baseline: VendorBaseline }) {
  const starting = verdicts.reduce((sum, { hosts, verdict }) => sum + (verdict === 'starts' ? hosts.length : 0), 0);
  const others = verdicts.filter(({ verdict }) => verdict !== 'starts');
  return (
    <>
      {starting === 0 ? null : <p className="quiet pool-line">Starts under enforce on {countHosts(starting)}</p>}
      {others.map(({ hosts, verdict, reasons }) => (
        <p key={`${verdict} ${hosts[0]?.id ?? ''}`}>
          <span className={verdict === 'refuses' ? 'glyph-refused' : 'glyph-unknown'}>
            {verdict === 'refuses' ? '✕ refused by' : '? unknown on'}
          </span>{' '}
          <HostNames hosts={hosts.slice(0, 3)} count={hosts.length} />
          {reasons.length === 0 ? '' : `: ${reasons.join('; ')}`}
        </p>
      ))}
      {accumulated.length === 0 ? null : (
        <p className="quiet">
          Told to every guest, as some host has it:{' '}
          <code>
            {accumulated
              .filter(({ outcome }) => outcome === 'told')
              .map(({ name }) => name)
              .join(' ') || 'none'}
          </code>
          {accumulated.some(({ outcome }) => outcome !== 'told') ? (
            <>
              {' '}
              cannot be told:{' '}
              <code>
                {accumulated
                  .filter(({ outcome }) => outcome !== 'told')
                  .map(({ name, decidingHost }) => `${name} (${decidingHost ?? 'unknown'})`)
                  .join(' ')}
              </code>
            </>
          ) : null}
        </p>
      )}
    </>
  );
}

function BetterModels({ baseline: { betterModels } }: { readonly baseline: VendorBaseline }) {
  if (betterModels.length === 0) return null;
  return (
    <>
      <h3 className="pool-caption">Nearest models that give more</h3>
      <table className="sheet pool-sheet">
        <tbody>
          {betterModels.map(({ model, runsOn, of, decidingHost, lacks }) => (
            <tr key={model}>
              <th scope="row" className="mono">
                {model}
              </th>
              <td className="number">
                {runsOn}/{of}
              </td>
              <td>
                {decidingHost} lacks <code>{lacks.slice(0, 6).join(' ')}</code>
                {lacks.length > 6 ? ` and ${lacks.length - 6} more` : ''}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** What libvirt itself would answer; by the rules of one release, which the card names. */
export function LibvirtCard({ result: { libvirt } }: { readonly result: BaselineResult }) {
  return (
    <>
      <h2 className="page-section-title">libvirt {libvirt?.release ?? ''}</h2>
      <p className="quiet pool-meaning">
        Its own baseline of the same hosts, by the CPU map and scoring of that release
      </p>
      {libvirt === null ? (
        <p className="quiet">It was not asked.</p>
      ) : libvirt.outcome === 'ok' ? (
        <section className="page-section">
          <p className="chips">
            <span className="chip" data-tone="runs">
              found
            </span>
            <span className="mono">{libvirt.cpu.model ?? ''}</span>
          </p>
          <LibvirtXml cpu={libvirt.cpu} />
        </section>
      ) : (
        <section className="page-section">
          <p className="chips">
            <span className="chip" data-tone={libvirt.outcome === 'error' ? 'refused' : 'quiet'}>
              {libvirt.outcome === 'error' ? 'error' : '? unknown'}
            </span>
          </p>
          <p>{libvirt.reason}</p>
        </section>
      )}
    </>
  );
}

function LibvirtXml({ cpu }: { readonly cpu: LibvirtCpu }) {
  const text = writeLibvirtCpu(cpu);
  return (
    <pre className="pool-text" tabIndex={0} aria-label="libvirt’s CPU definition">
      {text}
    </pre>
  );
}

function groupByReason(silent: VendorBaseline['silent']): ReadonlyMap<string, VendorBaseline['silent']> {
  const groups = new Map<string, VendorBaseline['silent'][number][]>();
  for (const host of silent) groups.set(host.reason, [...(groups.get(host.reason) ?? []), host]);
  return groups;
}
