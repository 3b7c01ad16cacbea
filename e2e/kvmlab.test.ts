import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findQemuBinary, readQemuVersion } from '@cpu-atlas/catalog';
import type { HostSnapshot } from '@cpu-atlas/core';
import { afterEach, describe, expect, it } from 'vitest';
import { labScript, runInLab, sharedFolder, type LabHost } from './kvmlab-guest.ts';
import { shippedVersions } from './oracle/catalogs.ts';
import { checkoutRoot } from './oracle/oracle-files.ts';
import { builtCli } from './served.ts';

const binary = await findQemuBinary('qemu-system-x86_64').catch(() => null);
const version = binary === null ? null : (await readQemuVersion(binary)).version;

function reasonToSkip(): string | null {
  if (labScript === undefined) return 'CPU_ATLAS_KVMLAB does not name the lab.py of kvmlab';
  if (version === null) return 'no qemu-system-x86_64';
  if (!shippedVersions.some((shipped) => shipped === version)) return `no shipped catalog of QEMU ${version}`;
  return existsSync(join(checkoutRoot, 'apps', 'cli', 'dist', 'main.js')) ? null : 'the command line is not built';
}

const reason = reasonToSkip();

const hosts = ['EPYC-Milan,+svm,+npt', 'Opteron_G3,+svm', 'max,+svm,+npt'].flatMap((cpu, at) =>
  [1, 0].map((nested) => ({
    cpu,
    nested: String(nested),
    name: `atlas-${process.pid}-${at}-${nested}`,
    moduleSettings: `kvm-amd.nested=${nested}`,
  })),
);

const machines = ['q35', 'microvm'];
/** Together they touch the host's own features, nested SVM and VMX, vendors, migratability and levels. */
const cpus = [
  'host,migratable=off',
  'max,vendor=GenuineIntel',
  'EPYC-Rome,+svm,+topoext',
  'Skylake-Server,+vmx,+invtsc',
  'Opteron_G5,enforce',
];
const requests = machines.flatMap((machine) =>
  cpus.map((cpu) => JSON.stringify({ id: `${machine} ${cpu}`, catalog: version, accel: 'kvm', machine, cpu })),
);

/** Nothing here holds a quote: arguments are put between single ones. */
const quote = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');
const atlas = quote([process.execPath, builtCli]);

/** Probes, verifies and answers the requests on the host itself; each leaves its output in /lab. */
const script = `
set -e
${atlas} probe --no-qemu --out /lab/snapshot.json
${atlas} resolve --batch --host self <<'END' >/lab/inside.ndjson
${requests.join('\n')}
END
set +e
${atlas} verify --format json --accel kvm --qemu ${quote([binary ?? ''])} --catalog ${version} \
  --machine ${quote(machines)} --cpu ${quote(cpus)} >/lab/cells.ndjson
echo $? >/lab/verify.exit
`;

const hostLimitMs = 280_000;
const testLimitMs = 300_000;

const readShared = (host: LabHost, file: string): string => readFileSync(join(sharedFolder(host), file), 'utf8');

describe.skipIf(reason !== null)(`KVM hosts of a stock kernel (skipped: ${reason ?? 'no'})`, () => {
  afterEach(() => {
    for (const host of hosts) rmSync(sharedFolder(host), { recursive: true, force: true });
  });

  it.each(hosts)(
    'verify finds no difference on $cpu with nested=$nested, and the snapshot says the same elsewhere',
    async (host) => {
      const run = await runInLab(script, host, hostLimitMs);
      expect(run.code, run.stderr).toBe(0);

      const { kernel } = JSON.parse(readShared(host, 'snapshot.json')) as HostSnapshot;
      expect(kernel).toMatchObject({ kvm: { modules: { kvm_amd: { nested: host.nested } } } });

      const lines = readShared(host, 'cells.ndjson').trimEnd().split('\n');
      const cells = lines.map((line) => JSON.parse(line) as { readonly outcome?: string });
      expect(cells.filter(({ outcome }) => outcome !== undefined && outcome !== 'equal')).toEqual([]);
      const count = requests.length;
      expect(cells.at(-1)).toEqual({ summary: { cells: count, equal: count, different: 0, couldNotTell: 0 } });
      expect(readShared(host, 'verify.exit').trim()).toBe('0');

      const snapshot = join(sharedFolder(host), 'snapshot.json');
      const outside = execFileSync(process.execPath, [builtCli, 'resolve', '--batch', '--host', snapshot], {
        input: `${requests.join('\n')}\n`,
        encoding: 'utf8',
      });
      expect(outside).toBe(readShared(host, 'inside.ndjson'));
    },
    testLimitMs,
  );
});
