import { describe, expect, it } from 'vitest';
import {
  createContext,
  releaseOf,
  resolve,
  type Accelerator,
  type CatalogIndex,
  type HostSnapshot,
  type ObservedAccelerator,
} from '@cpu-atlas/core';
import { tally } from '../testing/tally.ts';
import { shippedIndex } from './catalogs.ts';
import { differingLists } from './compare.ts';
import { hasOracle, listOracle, readOracle } from './oracle-files.ts';

type Properties = Readonly<Record<string, boolean | number | string>>;

interface RecordedSession {
  readonly accel: string;
  readonly expansions: readonly {
    readonly type: string;
    readonly requestProps?: { readonly migratable?: boolean };
    readonly props: { readonly booleans: Properties; readonly numbers?: Properties; readonly strings?: Properties };
  }[];
  readonly cpuDefinitions: Readonly<
    Record<string, { readonly unavailableFeatures: readonly string[]; readonly aliasOf?: string | null }>
  >;
}

/** A host of which only QEMU's own answers are known. */
function snapshotOfSession(name: string, version: string, accel: Accelerator, host: Properties): HostSnapshot {
  const observed: ObservedAccelerator = { host };
  return {
    schema: 'cpu-atlas/host-snapshot/1',
    host: { id: name, name },
    collectedAt: '2026-11-01T00:00:00Z',
    collector: 'oracle',
    qemu: [{ path: 'qemu-system-x86_64', version, observed: accel === 'kvm' ? { kvm: observed } : { tcg: observed } }],
  };
}

/** The nearest shipped catalog stands in for the binary; what TCG supports is the session's own answer. */
function standIn(version: string, accel: Accelerator): CatalogIndex {
  const nearest = releaseOf(version) >= releaseOf('8.2.0') ? '10.0.13' : '7.2.22';
  const index = shippedIndex(nearest, version);
  return accel === 'tcg' ? { ...index, tcgSupported: null } : index;
}

interface Session {
  readonly label: string;
  readonly version: string;
  readonly accel: Accelerator;
  readonly session: RecordedSession;
}

function listSessions(): Session[] {
  return listOracle('libvirt', 'replies').flatMap((file) => {
    const version = /^caps_(\d+\.\d+\.\d+)_/.exec(file)?.[1] ?? '';
    const { sessions } = readOracle<{ sessions: readonly RecordedSession[] }>('libvirt', 'replies', file);
    return sessions.flatMap((session): Session[] =>
      session.accel === 'kvm' || session.accel === 'tcg'
        ? [{ label: `${file.replace(/\.json\.gz$/, '')} ${session.accel}`, version, accel: session.accel, session }]
        : [],
    );
  });
}

function compareSession({ label, version, accel, session }: Session): { compared: number; differing: string[] } {
  const expansion = session.expansions.find(
    ({ type, requestProps }) => type === 'static' && requestProps?.migratable === false,
  );
  const { booleans = {}, numbers = {}, strings = {} } = expansion?.props ?? {};
  const index = standIn(version, accel);
  const context = createContext(
    index,
    snapshotOfSession(label, version, accel, { ...booleans, ...numbers, ...strings }),
  );
  const differing: string[] = [];
  let compared = 0;
  for (const [model, { unavailableFeatures, aliasOf }] of Object.entries(session.cpuDefinitions)) {
    const name = aliasOf ?? model;
    if (['host', 'max', 'base'].includes(model) || !index.modelByName.has(name)) continue;
    compared += 1;
    const resolution = resolve(context, { accel, machine: 'q35', cpu: name });
    const differences = [
      ...differingLists('unavailable', resolution.unavailableFeatures, unavailableFeatures),
      ...resolution.unknowns,
    ];
    if (differences.length > 0) differing.push(`${label} ${model}: ${differences.join('; ')}`);
  }
  const leftOut = {
    count: Object.keys(session.cpuDefinitions).length - compared,
    why: 'models that no shipped catalog has; host, max and base',
  };
  const counts = { compared, different: differing.length, leftOut };
  tally({ of: `QEMU ${version}`, accel, host: 'of libvirt’s test data', what: 'definitions', ...counts });
  return { compared, differing };
}

describe.skipIf(!hasOracle)('QMP sessions of QEMU 4.2 to 10.0 on real hosts (skipped without ../shared/oracle)', () => {
  it('every definition that a shipped catalog has: unavailable features, set and order', () => {
    const results = listSessions().map(compareSession);
    const differing = results.flatMap((result) => result.differing);
    expect(results.reduce((sum, { compared }) => sum + compared, 0)).toBeGreaterThan(3000);
    expect(differing).toEqual([]);
  });
});
