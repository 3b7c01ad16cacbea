import { describe, expect, it } from 'vitest';
import { createContext, type ResolveContext } from '../resolve/context.ts';
import type { CpuidEntry, HostSnapshot, KvmLayer } from '../snapshot/snapshot.ts';
import { shippedIndex } from '../testing/catalogs.ts';
import { everything, hostWith, setOfFeatures } from '../testing/hosts.ts';
import { recordedSnapshot } from '../testing/recorded-snapshots.ts';
import type { ChangeCause } from './compare-layers.ts';
import { compareSnapshots, type ModelTurn, type SnapshotComparison } from './compare-snapshots.ts';

const older = shippedIndex('7.2.22');
const newer = shippedIndex('10.0.13');

interface Look {
  readonly lacks?: readonly string[];
  readonly kvmLacks?: readonly string[];
  readonly microcode?: string;
  readonly release?: string;
  readonly modules?: KvmLayer['modules'];
  readonly kvm?: Partial<KvmLayer>;
  readonly signature?: string;
  readonly kernel?: HostSnapshot['kernel'];
  readonly qemu?: HostSnapshot['qemu'];
}

function without(names: readonly string[]): Uint32Array {
  const set = everything(newer);
  setOfFeatures(newer, names).forEach((lane, i) => (set[i] &= ~lane));
  return set;
}

/** One look at an Intel host. */
function look(made: Look, index = newer): ResolveContext {
  const { lacks = [], kvmLacks = [], microcode = '0x1', release = '6.1.0', modules = {} } = made;
  const silicon = hostWith(newer, without(lacks), { vendor: 'GenuineIntel' }).hardware;
  if (silicon === undefined || 'unknown' in silicon) throw new Error('made with a CPU');
  const signed = (entry: CpuidEntry): CpuidEntry =>
    Number(entry.leaf) === 1 && made.signature !== undefined ? { ...entry, eax: made.signature } : entry;
  const hardware = { microcode, cpus: silicon.cpus.map((group) => ({ ...group, cpuid: group.cpuid.map(signed) })) };
  const host = hostWith(newer, without([...lacks, ...kvmLacks]), {
    vendor: 'GenuineIntel',
    hardware,
    kvm: { modules, ...made.kvm },
  });
  if (host.kernel === undefined || 'unknown' in host.kernel) throw new Error('made with a kernel');
  const snapshot = { ...host, qemu: made.qemu, kernel: made.kernel ?? { ...host.kernel, release } };
  return createContext(index, snapshot);
}

interface Story {
  readonly name: string;
  readonly before: ResolveContext;
  readonly after: ResolveContext;
  readonly cause: ChangeCause;
  readonly summary: RegExp;
  readonly lost: readonly string[];
  readonly turn: ModelTurn;
  readonly back: ModelTurn;
  readonly model: string;
}

const stories: readonly Story[] = [
  {
    name: 'microcode that takes TSX away',
    before: look({}),
    after: look({ lacks: ['hle', 'rtm'], microcode: '0x2' }),
    cause: 'microcode',
    summary: /^microcode 0x. → 0x.$/,
    lost: ['hle', 'rtm'],
    turn: 'narrowed',
    back: 'gained',
    model: 'Haswell-v1',
  },
  {
    name: 'a kernel that offers less',
    before: look({}),
    after: look({ kvmLacks: ['pcid'], release: '6.12.0' }),
    cause: 'kernel',
    summary: /^kernel 6\.\d+\.0 → 6\.\d+\.0$/,
    lost: ['pcid'],
    turn: 'narrowed',
    back: 'gained',
    model: 'Haswell-noTSX',
  },
  {
    name: 'another CPU',
    before: look({ signature: '0x000306c3' }),
    after: look({ lacks: ['avx2'], signature: '0x000206a7', microcode: '0x9' }),
    cause: 'hardware',
    summary: /^CPU Test CPU \(6\/\d+\/\d+\) → Test CPU \(6\/\d+\/\d+\)$/,
    lost: ['avx2'],
    turn: 'narrowed',
    back: 'gained',
    model: 'Haswell-noTSX',
  },
  {
    name: 'firmware that hides something, with everything else the same',
    before: look({}),
    after: look({ lacks: ['aes'] }),
    cause: 'hardware',
    summary: /^the CPU shows other features/,
    lost: ['aes'],
    turn: 'narrowed',
    back: 'gained',
    model: 'Westmere',
  },
  {
    name: 'a feature MSR that KVM no longer lets be written',
    before: look({}),
    after: look({ kvm: { unwritableMsrs: ['0x10a'] }, release: '6.2.0' }),
    cause: 'kernel',
    summary: /^kernel/,
    lost: [],
    turn: 'lost',
    back: 'gained',
    model: 'Cascadelake-Server-v2',
  },
  {
    name: 'KVM that cannot be asked any more',
    before: look({}),
    after: look({
      kernel: { release: '6.1.0', kvm: { unknown: { code: 'KVM_DENIED', reason: 'no access', remedy: 'r' } } },
    }),
    cause: 'kernel',
    summary: /^KVM is (?:known now|not known any more: no access)$/,
    lost: [],
    turn: 'untold',
    back: 'told',
    model: 'qemu64',
  },
];

const modelIn = ({ models }: SnapshotComparison, name: string) =>
  models.find(({ accel, machine, model }) => accel === 'kvm' && machine === 'q35' && model === name);

describe.each(stories)('$name', ({ before, after, cause, summary, lost, turn, back, model }) => {
  it('is told with its layer, its features and what it does to models', () => {
    const comparison = compareSnapshots(before, after);
    const layer = comparison.layers.find((change) => change.cause === cause && summary.test(change.summary));
    expect(layer?.lost).toEqual(expect.arrayContaining([...lost]));
    expect(modelIn(comparison, model)).toMatchObject({ turn, causes: expect.arrayContaining([cause]) });
    if (lost.length > 0) expect(modelIn(comparison, model)?.causes).toEqual([cause]);
  });

  it('and the other way round', () => {
    const comparison = compareSnapshots(after, before);
    const layer = comparison.layers.find((change) => change.cause === cause && summary.test(change.summary));
    expect(layer?.gained).toEqual(expect.arrayContaining([...lost]));
    expect(modelIn(comparison, model)?.turn).toBe(back);
  });
});

describe('a comparison', () => {
  it('of two looks that saw the same is empty', () => {
    expect(compareSnapshots(look({}), look({}))).toEqual({ layers: [], models: [] });
  });

  it('holds QEMU alone to account for what a new QEMU does', () => {
    const qemu = (version: string): HostSnapshot['qemu'] => [{ path: '/usr/bin/qemu', version }];
    const comparison = compareSnapshots(look({ qemu: qemu('7.2.22') }, older), look({ qemu: qemu('10.0.13') }));
    expect(comparison.layers.map(({ summary }) => summary)).toEqual(['QEMU 7.2.22 → 10.0.13 at /usr/bin/qemu']);
    expect(modelIn(comparison, 'SapphireRapids')).toMatchObject({
      before: 'not-offered',
      after: 'runnable',
      turn: 'gained',
    });
    expect(new Set(comparison.models.flatMap(({ causes }) => causes))).toEqual(new Set(['qemu']));
    expect(comparison.models.some(({ accel }) => accel === 'tcg')).toBe(true);
  });

  it('tells what QEMU did from what the kernel did where both changed', () => {
    const before = look({ release: '6.1.0' }, older);
    const comparison = compareSnapshots(before, look({ release: '6.12.0', kvmLacks: ['pcid'] }));
    expect(modelIn(comparison, 'Haswell-noTSX')?.causes).toEqual(['kernel']);
    expect(modelIn(comparison, 'SapphireRapids')?.causes).toContain('qemu');
  });

  it('of the lab host with and without nested virtualisation names the parameter', () => {
    const [nested, flat] = ['lab-epyc-milan-6.1', 'lab-milan-nested0-6.1'].map((name) => recordedSnapshot(name));
    const context = (snapshot: HostSnapshot): ResolveContext => createContext(newer, snapshot);
    const lost = compareSnapshots(context(nested), context(flat));
    const parameter = lost.layers.find(({ cause }) => cause === 'module-parameter');
    expect(parameter?.summary).toMatch(/^kvm_amd\.nested 1 → 0$/);
    expect(parameter?.lost).toContain('svm');
    const gained = compareSnapshots(context(flat), context(nested));
    expect(gained.layers.find(({ cause }) => cause === 'module-parameter')?.gained).toEqual(parameter?.lost);
    expect(lost.models.length).toBe(gained.models.length);
    expect(lost.models.every(({ causes }) => causes.length > 0)).toBe(true);
  });

  it('of recorded hosts is the same story told backwards', () => {
    const names = ['lab-epyc-milan-6.1', 'lab-opteron_g3-6.1', 'xeon-gold-6148', 'ryzen-9-3900x-12-core'];
    const contexts = names.map((name) => createContext(newer, recordedSnapshot(name)));
    const opposite: Record<ModelTurn, readonly ModelTurn[]> = {
      gained: ['lost', 'narrowed'],
      lost: ['gained', 'widened'],
      narrowed: ['gained', 'widened', 'narrowed'],
      widened: ['lost', 'narrowed'],
      untold: ['told'],
      told: ['untold'],
    };
    for (const a of contexts)
      for (const b of contexts) {
        const there = compareSnapshots(a, b).models.filter(({ turn }) => turn !== 'narrowed');
        const back = compareSnapshots(b, a).models;
        for (const { accel, machine, model, turn } of there) {
          const other = back.find((one) => one.accel === accel && one.machine === machine && one.model === model);
          expect({ model, turn, back: opposite[turn].includes(other?.turn ?? turn) }).toEqual({
            model,
            turn,
            back: true,
          });
        }
      }
  });
});
