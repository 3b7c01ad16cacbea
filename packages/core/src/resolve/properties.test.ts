import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { AtlasError } from '../errors.ts';
import type { HostSnapshot } from '../snapshot/snapshot.ts';
import { shippedIndex, shippedVersions } from '../testing/catalogs.ts';
import { hostWith, setOfFeatures } from '../testing/hosts.ts';
import { bitsOf } from '../x86/feature-set.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import { createContext } from './context.ts';
import { explain } from './explain.ts';
import type { Resolution, ResolutionRequest } from './resolution.ts';
import { resolve, resolveCell } from './resolve.ts';

/** Indexed once; a counterexample names the version. */
const indexes = new Map<string, CatalogIndex>(shippedVersions.map((version) => [version, shippedIndex(version)]));

function indexOf(version: string): CatalogIndex {
  const index = indexes.get(version);
  if (index === undefined) throw new Error(`no catalog of ${version}`);
  return index;
}

const silence = { code: 'NOT_OBSERVED', reason: 'nobody looked', remedy: 'look' };

const lane = fc.oneof(fc.constant(0xffffffff), fc.constant(0), fc.integer({ min: 0, max: 0xffffffff }));
const anyVendor = fc.constantFrom('AuthenticAMD', 'GenuineIntel');

/** XSAVE without x87 and SSE state is no XSAVE. */
function withLegacyState({ layout }: CatalogIndex, set: FeatureSet): FeatureSet {
  set[layout.laneOfKey.get('d.0.EAX') ?? -1] |= 3;
  return set;
}

/** A catalog, any set of supported features, and a model on a machine type with some edits. */
const anyCell = fc.constantFrom(...shippedVersions).chain((version) => {
  const { catalog, layout, features, accelerators } = indexOf(version);
  const groups = accelerators.kvm?.source.machineGroups ?? [];
  const feature = fc.constantFrom(...features.keys());
  const edit = fc.oneof(
    feature.map((name) => `+${name}`),
    feature.map((name) => `-${name}`),
    fc.constantFrom('pmu=on', 'check=off', 'kvm=off', 'host-phys-bits=on', 'vendor=GenuineIntel', 'min-level=0x14'),
  );
  return fc.record({
    version: fc.constant(version),
    supported: fc
      .array(lane, { minLength: layout.laneCount, maxLength: layout.laneCount })
      .map((lanes) => withLegacyState(indexOf(version), Uint32Array.from(lanes))),
    vendor: anyVendor,
    machine: fc.constantFrom(...catalog.machines.filter((_, i) => groups[i] >= 0).map(({ name }) => name)),
    model: fc.constantFrom(...catalog.models.map(({ name }) => name)),
    edits: fc.array(edit, { maxLength: 4 }),
    kernelIrqchip: fc.constantFrom(undefined, 'on', 'split', 'off'),
  });
});

type AnyCell = typeof anyCell extends fc.Arbitrary<infer T> ? T : never;

const requestOf = ({ machine, model, edits, kernelIrqchip }: AnyCell): ResolutionRequest => ({
  accel: 'kvm',
  machine,
  cpu: [model, ...edits].join(','),
  kernelIrqchip: kernelIrqchip as ResolutionRequest['kernelIrqchip'],
});

const hostOf = ({ version, supported, vendor }: AnyCell): HostSnapshot =>
  hostWith(indexOf(version), supported, { vendor });

function answer(cell: AnyCell, snapshot: HostSnapshot | null = hostOf(cell)): Resolution {
  return resolve(createContext(indexOf(cell.version), snapshot), requestOf(cell));
}

/** A snapshot less one thing that a probe may not have seen. */
const lesser: readonly ((snapshot: HostSnapshot) => HostSnapshot | null)[] = [
  () => null,
  ({ hardware: _, ...rest }) => rest,
  ({ kernel: _, ...rest }) => rest,
  (snapshot) => ({ ...snapshot, hardware: { unknown: silence } }),
  (snapshot) => ({ ...snapshot, kernel: { unknown: silence } }),
  (snapshot) => ({ ...snapshot, kernel: { release: '6.12', kvm: { unknown: silence } } }),
];

describe('what is not known never becomes yes or no', () => {
  it('a layer less leaves an answer as it was, or unknown', () => {
    fc.assert(
      fc.property(anyCell, fc.constantFrom(...lesser), (cell, take) => {
        const whole = answer(cell);
        const part = answer(cell, take(hostOf(cell)));
        expect([whole.status, 'unknown']).toContain(part.status);
        if (whole.enforce !== part.enforce) expect(part.enforce).toBe('unknown');
        if (part.status === 'unknown') expect(part.unknowns).not.toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it('a layer less turns the verdict on a feature into unknown, or leaves it', () => {
    fc.assert(
      fc.property(anyCell, fc.constantFrom(...lesser), (cell, take) => {
        const states = (snapshot: HostSnapshot | null): Map<string, string> =>
          new Map(
            explain(createContext(indexOf(cell.version), snapshot), requestOf(cell)).features.map(({ name, state }) => [
              name,
              state,
            ]),
          );
        const whole = states(hostOf(cell));
        for (const [name, state] of states(take(hostOf(cell))))
          expect([`${name} unknown`, `${name} ${whole.get(name) ?? ''}`]).toContain(`${name} ${state}`);
      }),
      { numRuns: 60 },
    );
  });

  it('a value of a property less is null, not another', () => {
    fc.assert(
      fc.property(anyCell, fc.constantFrom(...lesser), (cell, take) => {
        const whole = answer(cell).properties;
        const part = answer(cell, take(hostOf(cell))).properties;
        for (const name of ['phys-bits', 'guest-phys-bits', 'ucode-rev'] as const)
          expect([null, whole[name]]).toContain(part[name]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a host with less', () => {
  /** QEMU wants the host to point to instructions as the guest does, or gives no intel-pt: more can be less. */
  const contrary = ['intel-pt', 'intel-pt-lip'];

  function unavailable(cell: AnyCell, supported: FeatureSet): Map<string, number> {
    const counts = new Map<string, number>();
    for (const name of answer({ ...cell, supported }).unavailableFeatures)
      counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const name of contrary) counts.delete(name);
    return counts;
  }

  it('never makes fewer features of a defined model unavailable', () => {
    const defined = anyCell.filter(({ model }) => model !== 'host' && model !== 'max');
    fc.assert(
      fc.property(defined, fc.array(lane, { minLength: 80, maxLength: 80 }), (cell, mask) => {
        const more = unavailable(cell, cell.supported);
        const less = unavailable(
          cell,
          cell.supported.map((value, i) => value & mask[i]),
        );
        for (const [name, count] of more) expect(less.get(name) ?? 0, name).toBeGreaterThanOrEqual(count);
      }),
      { numRuns: 400 },
    );
  });

  it('never makes a refused or filtered cell runnable', () => {
    const defined = anyCell.filter(
      ({ model, edits }) => model !== 'host' && model !== 'max' && !edits.some((edit) => /intel-pt/.test(edit)),
    );
    fc.assert(
      fc.property(defined, fc.array(lane, { minLength: 80, maxLength: 80 }), (cell, mask) => {
        const more = answer(cell);
        const less = answer({ ...cell, supported: cell.supported.map((value, i) => value & mask[i]) });
        if (more.status === 'filtered') expect(less.status).not.toBe('runnable');
      }),
      { numRuns: 300 },
    );
  });
});

describe('the sets of a cell', () => {
  it('a guest gets what it asks for and what is supported, nothing else, and never what is filtered', () => {
    fc.assert(
      fc.property(anyCell, (cell) => {
        const { words, support, vendor } = resolveCell(
          createContext(indexOf(cell.version), hostOf(cell)),
          requestOf(cell),
        );
        const copies = indexOf(cell.version).layout.laneOfKey.get('80000001.EDX');
        for (let i = 0; i < words.effective.length; i++) {
          const own = i === copies && vendor === 'AuthenticAMD' ? words.effective[i] & ~0x0183f3ff : words.effective[i];
          expect(own & ~words.requested[i]).toBe(0);
          expect(own & ~support.supported[i]).toBe(0);
          expect(own & words.filtered[i]).toBe(0);
          expect(words.undecided[i] & words.filtered[i]).toBe(0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('unavailable features come in the order of words, then of bits', () => {
    // From 9.2 on no state component is filtered, which goes under the name of a feature of another word.
    const newer = anyCell.filter(({ version }) => version !== '7.2.22');
    fc.assert(
      fc.property(newer, (cell) => {
        // A feature of two bits may come twice, with others between.
        const places = answer(cell).unavailableFeatures.flatMap((name) => {
          const place = indexOf(cell.version).features.get(name);
          return place === undefined || bitsOf(place.mask).length + bitsOf(place.highMask).length > 1 ? [] : [place];
        });
        const order = places.map(({ lane: at, mask }) => at * 32 + bitsOf(mask)[0]);
        expect([...order].sort((a, b) => a - b)).toEqual(order);
      }),
      { numRuns: 300 },
    );
  });

  it('host and max lose nothing that nobody asked for', () => {
    const whole = anyCell.filter(({ version, model }) => (model === 'host' || model === 'max') && version !== '7.2.22');
    fc.assert(
      fc.property(whole, (cell) => {
        const taken = cell.supported.slice();
        setOfFeatures(
          indexOf(cell.version),
          indexOf(cell.version).features.has('apxf') ? ['intel-pt', 'apxf'] : ['intel-pt'],
        ).forEach((bits, i) => (taken[i] &= ~bits));
        expect(answer({ ...cell, supported: taken, edits: [] }).unavailableFeatures).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('the same request has the same answer', () => {
    fc.assert(
      fc.property(anyCell, (cell) => {
        const context = createContext(indexOf(cell.version), hostOf(cell));
        const first = resolve(context, requestOf(cell));
        resolve(context, { accel: 'kvm', machine: 'q35', cpu: 'max,-sse,+vmx-ept,pmu=on' });
        expect(resolve(context, requestOf(cell))).toEqual(first);
      }),
      { numRuns: 150 },
    );
  });
});

describe('any text', () => {
  const context = createContext(indexOf('10.0.13'), null);
  const words = [
    'qemu64',
    'max',
    '+',
    '-',
    '=',
    ',',
    'on',
    'off',
    'vmx',
    'level',
    '0x',
    '9'.repeat(30),
    '_',
    'lbr-fmt',
    'vendor',
    '__proto__',
    'constructor',
    ' ',
    'é',
    '\0',
  ];
  const anyText = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((parts) => parts.join('')),
  );

  it('is resolved or refused with a code', () => {
    fc.assert(
      fc.property(anyText, anyText, fc.constantFrom('tcg', 'kvm'), (cpu, tail, accel) => {
        for (const text of [cpu, `qemu64,${tail}`]) {
          try {
            resolve(context, { accel: accel as 'tcg' | 'kvm', machine: 'q35', cpu: text });
          } catch (error) {
            expect(error).toBeInstanceOf(AtlasError);
            expect((error as AtlasError).code).toMatch(/^CPU_/);
          }
        }
      }),
      { numRuns: 1500 },
    );
  });
});
