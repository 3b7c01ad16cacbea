import { describe, expect, it } from 'vitest';
import {
  AtlasError,
  createContext,
  errorTable,
  resolve,
  type KernelIrqchip,
  type Resolution,
  type ResolutionRequest,
  type ResolveContext,
} from '@cpu-atlas/core';
import { tally } from '../testing/tally.ts';
import { shippedIndex, shippedVersions, type ShippedVersion } from './catalogs.ts';
import { cpuWarnings, differingLists, differingProperties, differingWords, keyWords } from './compare.ts';
import { hasOracle, listOracle, readOracle } from './oracle-files.ts';
import { snapshotOfProbe, type RecordedProbe } from './oracle-snapshots.ts';

interface RecordedResult {
  readonly machine: string;
  readonly accel: unknown;
  readonly cpu: string;
  readonly rc: number;
  readonly stderr: string;
  readonly feature_words?: Readonly<Record<string, string>>;
  readonly filtered_features?: Readonly<Record<string, string>>;
  readonly unavailable_features?: readonly string[];
  readonly props?: Readonly<Record<string, unknown>>;
  readonly cpu_definitions?: readonly { readonly name: string; readonly 'unavailable-features': readonly string[] }[];
}

interface RecordedKvmHost {
  readonly probe: RecordedProbe;
  readonly qemu: Readonly<Record<string, { readonly results: readonly RecordedResult[] }>>;
}

/** The recorder kept the last 8,000 characters of standard error. */
const keptCharacters = 8000;

const numbers = (words: Readonly<Record<string, string>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(words)
      .map(([key, value]) => [key, Number(value)] as const)
      .filter(([, value]) => value !== 0),
  );

function irqchipOf({ machine, accel }: RecordedResult): KernelIrqchip | undefined {
  return /kernel-irqchip=(on|split|off)/.exec(`${machine} ${JSON.stringify(accel)}`)?.[1] as KernelIrqchip | undefined;
}

function compareWarnings(warnings: readonly string[], stderr: string): string[] {
  const recorded = [...new Set(cpuWarnings(stderr))];
  const isCut = stderr.length >= keptCharacters;
  return differingLists('warnings', isCut ? warnings.slice(-recorded.length) : warnings, recorded);
}

/** null: the command line itself is wrong, which QEMU answers with exit status 1. */
function resolveOrRefuse(context: ResolveContext, request: ResolutionRequest): Resolution | null {
  try {
    return resolve(context, request);
  } catch (error) {
    if (error instanceof AtlasError && errorTable[error.code].exit === 2) return null;
    throw error;
  }
}

function compareResult(context: ResolveContext, result: RecordedResult): string[] {
  const [machine] = result.machine.split(',');
  const kernelIrqchip = irqchipOf(result);
  const resolution = resolveOrRefuse(context, { accel: 'kvm', machine, cpu: result.cpu, kernelIrqchip });
  if (resolution === null)
    return result.rc === 1 ? [] : [`Atlas takes the command line for wrong, QEMU ended with ${result.rc}`];
  const definitions = (result.cpu_definitions ?? []).flatMap((definition) => {
    const defined = resolve(context, { accel: 'kvm', machine, cpu: definition.name, kernelIrqchip });
    return differingLists(
      `definition ${definition.name}`,
      defined.unavailableFeatures,
      definition['unavailable-features'],
    );
  });
  const warnings = compareWarnings(resolution.warnings, result.stderr);
  if (!result.feature_words)
    return [...(resolution.refusal ? [] : [`QEMU ended with ${result.rc}`]), ...warnings, ...definitions];
  return [
    ...(resolution.refusal ? [`Atlas refused: ${resolution.refusal.message}`] : []),
    ...differingWords('word', keyWords(resolution.featureWords), numbers(result.feature_words)),
    ...differingWords('filtered', keyWords(resolution.filteredFeatures), numbers(result.filtered_features ?? {})),
    ...differingLists('unavailable', resolution.unavailableFeatures, result.unavailable_features ?? []),
    ...differingProperties(resolution, result.props ?? {}),
    ...warnings,
    ...definitions,
  ];
}

/** `forced-milan-6.1.json.gz` is `forced-milan, Linux 6.1`. */
const hostName = (file: string): string => file.replace(/-([\d.]+)\.json\.gz$/, ', Linux $1');

describe.skipIf(!hasOracle)('recorded AMD hosts with an ordinary kvm_amd (skipped without ../shared/oracle)', () => {
  it.each(listOracle('kvm-hosts'))('%s: every recorded launch and definition is equal', (file) => {
    const host = readOracle<RecordedKvmHost>('kvm-hosts', file);
    const snapshot = snapshotOfProbe(file, host.probe);
    const differences: string[] = [];
    let compared = 0;
    for (const [version, { results }] of Object.entries(host.qemu)) {
      expect(shippedVersions).toContain(version);
      const context = createContext(shippedIndex(version as ShippedVersion), snapshot);
      let different = 0;
      let definitions = 0;
      for (const result of results) {
        const label = `${version} ${result.machine} ${JSON.stringify(result.accel)} ${result.cpu}`;
        const found = compareResult(context, result);
        differences.push(...found.map((difference) => `${label}: ${difference}`));
        if (found.length > 0) different += 1;
        definitions += result.cpu_definitions?.length ?? 0;
      }
      compared += results.length;
      const where = { of: `QEMU ${version}`, accel: 'kvm', host: hostName(file) } as const;
      tally({ ...where, what: 'launches', compared: results.length, different });
      if (different === 0) tally({ ...where, what: 'definitions', compared: definitions, different });
    }
    expect(compared).toBeGreaterThan(10);
    expect(differences).toEqual([]);
  });
});
