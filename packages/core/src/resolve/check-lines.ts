import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { isEmpty } from '../x86/feature-set.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import { avx10Shortfall } from './avx10.ts';
import type { StartInput } from './start-input.ts';
import { warningLines } from './warnings.ts';

const dependencyPrefix = 'This feature depends on other features that were not requested';

/** The bits of a feature alone; empty where this QEMU does not know it. */
function only(index: CatalogIndex, name: string): FeatureSet {
  const set = new Uint32Array(index.layout.laneCount);
  const location = index.features.get(name);
  if (location) set[location.lane] = location.mask;
  return set;
}

/** What the user asked for and does not get for want of something else: edge by edge, as QEMU goes through them. */
export function dependencyLines({ context: { index }, settled: { words } }: StartInput): string[] {
  const { beforeDependencies, dropped } = words;
  if (beforeDependencies === null || isEmpty(dropped)) return [];
  const left = beforeDependencies.slice();
  const rest = dropped.slice();
  const lines: string[] = [];
  for (const { whenMissing, clears } of index.dependencyEdges) {
    if (whenMissing.some(({ lane, mask }) => (left[lane] & mask) !== 0)) continue;
    const here = rest.map((lane, i) => lane & clears[i]);
    if (!isEmpty(here)) lines.push(...warningLines(index, dependencyPrefix, here));
    for (let lane = 0; lane < left.length; lane++) {
      left[lane] &= ~clears[lane];
      rest[lane] &= ~clears[lane];
    }
  }
  return [...lines, ...warningLines(index, dependencyPrefix, rest)];
}

/** How QEMU writes a feature in the text about another that excludes it. */
const labels: Readonly<Record<string, string>> = { apxf: 'APX' };

/** Source: QEMU 11.1 run, `max,+apxf,+mpx` */
export function conflictLines({ context: { index }, settled: { words } }: StartInput): string[] {
  return index.exclusions.flatMap(({ features }) =>
    features
      .filter(({ lane, mask }) => (words.conflicting[lane] & mask) !== 0)
      .sort((a, b) => a.lane - b.lane)
      .flatMap(({ name }) => {
        const others = features
          .filter((other) => other.name !== name)
          .map((other) => labels[other.name] ?? other.name.toUpperCase());
        return warningLines(index, `this feature conflicts with ${others.join(', ')}`, only(index, name));
      }),
  );
}

/** Source: QEMU 7.2 and 10.2, machine types that do not raise the level for intel-pt by themselves */
export function traceLevelLines({ context: { index }, settled: { words } }: StartInput): string[] {
  const advice = 'Intel PT need CPUID leaf 0x14, please set by "-cpu ...,intel-pt=on,min-level=0x14"';
  return words.traceLacksLevel ? warningLines(index, advice, only(index, 'intel-pt')) : [];
}

/** What `check` and `enforce` print: bits that the accelerator lacks in QEMU's order, then Processor Trace, then AVX10. */
export function unsupportedLines(input: StartInput): string[] {
  const { context, request, settled } = input;
  const { words, support, configured } = settled;
  if (configured.properties.check === false && configured.properties.enforce !== true) return [];
  const prefix = `${request.accel === 'tcg' ? 'TCG' : 'host'} doesn't support requested feature`;
  const lacking = words.requested.map((lane, i) => lane & ~support.supported[i] & ~support.unknown[i]);
  const trace = words.traceDiffers ? warningLines(context.index, prefix, only(context.index, 'intel-pt')) : [];
  return [...warningLines(context.index, prefix, lacking), ...trace, ...avx10Lines(input, prefix)];
}

function avx10Lines({ context, request, settled }: StartInput, prefix: string): string[] {
  const shortfall = avx10Shortfall(context, request.accel, settled.words, settled.configured.properties);
  if (shortfall.kind !== 'lacks') return [];
  const { asked, offered } = shortfall;
  return [`warning: ${prefix}: avx10.${asked}.${offered === null ? '' : ` Adjust to avx10.${offered}`}`];
}
