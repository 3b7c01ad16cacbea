import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { hasFeature } from '../resolve/feature-words.ts';
import type { ResolvedCell } from '../resolve/resolve.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import { isSeen, type PlanHost, type SeenHost } from './fleet.ts';
import { openObstacles, resolveOn } from './predicates-cell.ts';
import { guestProperties, guestProperty, translateSet, type GuestCpu, type GuestProperty } from './predicates-guest.ts';
import { bitObstacles, type Obstacle, type ObstacleKind } from './predicates-obstacle.ts';
import { pinLine } from './predicates-pin.ts';

/** What hinders a move, and the `-cpu` argument for the other side. */
export interface MoveFindings {
  readonly obstacles: readonly Obstacle[];
  readonly line: string;
  readonly isOwnLine: boolean;
}

/** Looks at a move from all sides; `to` answers. */
export function findMoveObstacles(guest: GuestCpu, to: PlanHost): MoveFindings {
  const none = { line: guest.request.cpu, isOwnLine: false };
  if (!isSeen(to)) return { ...none, obstacles: [] };
  const own = resolveOn(to, guest.request);
  const outside = [
    ...guest.open,
    ...migrationBlockers(guest),
    ...vendorObstacles(guest, to),
    ...tscObstacles(guest, to),
  ];
  if (own.kind === 'none') return { ...none, obstacles: [...outside, ...own.obstacles] };
  const lacking = [
    ...outside,
    ...featureObstacles(guest, to, own.cell),
    ...nestedStateObstacles(guest, to),
    ...addressObstacles(guest, to),
  ];
  if (lacking.some(({ answer }) => answer === 'no')) return { ...none, obstacles: lacking };
  const plain = differences(guest, to, own.cell);
  if (plain.length === 0) return { obstacles: lacking, line: guest.request.cpu, isOwnLine: true };
  const line = pinLine(guest, to.context.index, own.cell);
  const pinned = resolveOn(to, { ...guest.request, cpu: line });
  if (pinned.kind === 'none') return { ...none, obstacles: [...lacking, ...pinned.obstacles] };
  return { obstacles: [...lacking, ...differences(guest, to, pinned.cell)], line, isOwnLine: false };
}

const obstacle = (answer: Obstacle['answer'], kind: ObstacleKind, name: string, reason: string): Obstacle => ({
  answer,
  kind,
  name,
  bit: null,
  reason,
});

const guestHas = ({ host, cell }: GuestCpu, name: string): boolean =>
  hasFeature(host.context.index, cell.words.effective, name);

function askedTscHz({ cell }: GuestCpu): number {
  const asked = cell.configured.properties['tsc-frequency'];
  return typeof asked === 'number' ? asked : 0;
}

/**
 * What QEMU itself refuses to migrate.
 * Source: QEMU 10.0, target/i386/kvm: migration blockers for invtsc and for nested VMX without its state
 */
function migrationBlockers(guest: GuestCpu): Obstacle[] {
  if (!guestHas(guest, 'invtsc') || askedTscHz(guest) > 0 || guest.request.accel !== 'kvm') return [];
  const at = guest.host.context.index.features.get('invtsc');
  const reason = 'QEMU does not migrate a guest with invtsc unless tsc-frequency fixes its TSC';
  const bits = new Uint32Array(guest.cell.words.effective.length);
  if (at) bits[at.lane] = at.mask;
  return bitObstacles(guest.host.context, bits, 'no', () => reason).map((found) => ({
    ...found,
    kind: 'not-migratable',
  }));
}

/** A vendor is never crossed: system calls, virtualisation and errata differ, whatever CPUID says. */
function vendorObstacles({ host, request }: GuestCpu, to: SeenHost): Obstacle[] {
  if (request.accel !== 'kvm') return [];
  const [from, there] = [host.context.facts.vendor, to.context.facts.vendor];
  if (from === null || there === null)
    return [obstacle('unknown', 'vendor', 'vendor', 'the vendor of one of the CPUs is not known')];
  return from === there ? [] : [obstacle('no', 'vendor', 'vendor', `the CPU there is ${there}, here it is ${from}`)];
}

/** Within 250 ppm the clocks of both hosts count as one. Source: Linux, kvm.tsc_tolerance_ppm */
const tscTolerance = 250 / 1_000_000;

/** A guest that relies on its TSC keeps its frequency: the host there ticks alike, or scales. */
function tscObstacles(guest: GuestCpu, to: SeenHost): Obstacle[] {
  const isRelied = guestHas(guest, 'invtsc') || askedTscHz(guest) > 0;
  if (!isRelied || guest.request.accel !== 'kvm') return [];
  const { facts } = to.context;
  if ((facts.kvm?.layer.capabilities.KVM_CAP_TSC_CONTROL ?? 0) > 0) return [];
  const khz = askedTscHz(guest) > 0 ? Math.floor(askedTscHz(guest) / 1000) : guest.host.context.facts.tscKhz;
  if (khz === null || facts.tscKhz === null)
    return [obstacle('unknown', 'tsc', 'tsc-frequency', 'the TSC frequency of one of the hosts is not known')];
  if (Math.abs(khz - facts.tscKhz) <= Math.floor(facts.tscKhz * tscTolerance)) return [];
  const reason = `the guest's TSC has ${khz} kHz, the one there ${facts.tscKhz} kHz, and KVM there cannot scale it`;
  return [obstacle('no', 'tsc', 'tsc-frequency', reason)];
}

/** A guest with VMX takes its nested state along, which both kernels must be able to hand over. */
function nestedStateObstacles(guest: GuestCpu, to: SeenHost): Obstacle[] {
  if (!guestHas(guest, 'vmx') || guest.request.accel !== 'kvm') return [];
  const lacking = ['KVM_CAP_NESTED_STATE', 'KVM_CAP_EXCEPTION_PAYLOAD'];
  return [guest.host, to].flatMap(({ context }) => {
    const { kvm } = context.facts;
    if (kvm === null) return [];
    const missing = lacking.filter((name) => (kvm.layer.capabilities[name] ?? 0) === 0);
    const reason = `Linux ${kvm.release} lacks ${missing.join(' and ')}, without which QEMU does not migrate a guest with vmx`;
    return missing.length === 0 ? [] : [obstacle('no', 'nested', 'vmx', reason)];
  });
}

/** A guest that was told the host's own address width may use all of it. */
function addressObstacles({ host, cell }: GuestCpu, to: SeenHost): Obstacle[] {
  const { properties } = cell.configured;
  const bits = cell.resolution.properties['phys-bits'];
  const isMeant = properties['host-phys-bits'] === true || Number(properties['phys-bits'] ?? 0) > 0;
  if (!isMeant || bits === null || !hasFeature(host.context.index, cell.words.effective, 'lm')) return [];
  const leaf = to.context.facts.silicon?.get(0x80000008);
  if (leaf == null) return [obstacle('unknown', 'address-bits', 'phys-bits', 'the address width there is not known')];
  const width = leaf.EAX & 0xff;
  const reason = `the guest was told ${bits} physical address bits, the CPU there has ${width}`;
  return bits <= width ? [] : [obstacle('no', 'address-bits', 'phys-bits', reason)];
}

/** Bits that the guest has and the host there does not support, or of which that is not known. */
function featureObstacles(guest: GuestCpu, to: SeenHost, there: ResolvedCell): Obstacle[] {
  const source = guest.host.context;
  if (guest.cell.configured.properties['x-force-features'] === true) return [];
  const { set, wordless } = translateSet(source.index, to.context.index, guest.cell.words.effective);
  const qemu = `QEMU ${to.context.index.catalog.qemu.version}`;
  const [missing, open] = [new Uint32Array(set.length), new Uint32Array(set.length)];
  const { supported, unknown } = there.support;
  for (let lane = 0; lane < set.length; lane++) {
    // What the release makes up by itself (topology, aliases) is compared later, as it comes out.
    const lacking = set[lane] & ~supported[lane] & ~there.words.effective[lane];
    missing[lane] = lacking & ~unknown[lane];
    open[lane] = lacking & unknown[lane];
  }
  keepDecidable(to.context.index, missing);
  return [
    ...bitObstacles(source, wordless, 'no', (_, bit) => `${qemu} there knows no ${bit}`),
    ...bitObstacles(to.context, missing, 'no', (_, bit) => `the guest has ${bit}, which the host there cannot give`),
    ...bitObstacles(to.context, open, 'unknown', (name) => `whether the host there has ${name} is not known`),
  ];
}

/** Nameless bits follow from named ones; only state components are obstacles of their own. */
function keepDecidable({ bitNames, layout }: CatalogIndex, set: FeatureSet): void {
  const states = ['d.0.EAX', 'd.0.EDX', 'd.1.ECX', 'd.1.EDX'].map((key) => layout.laneOfKey.get(key));
  for (let lane = 0; lane < set.length; lane++) {
    if (set[lane] === 0 || states.includes(lane)) continue;
    for (let bit = 0; bit < 32; bit++) if (bitNames[lane * 32 + bit] === null) set[lane] &= ~(1 << bit);
  }
}

/** What differs between the guest's CPU and what an argument gives there. */
function differences(guest: GuestCpu, to: SeenHost, there: ResolvedCell): Obstacle[] {
  return findDifference({ host: guest.host, cell: guest.cell }, { host: to, cell: there });
}

interface SeenCell {
  readonly host: PlanHost;
  readonly cell: ResolvedCell;
}

/** All in which two guest CPUs differ, as obstacles for whoever wants the first of them on the second's host. */
export function findDifference(wanted: SeenCell, given: SeenCell): Obstacle[] {
  if (!isSeen(wanted.host) || !isSeen(given.host)) return [];
  const [source, target] = [wanted.host.context, given.host.context];
  const { refusal, status, unknowns, machine } = given.cell.resolution;
  if (refusal) return [obstacle('no', 'refusal', refusal.by, refusal.message)];
  const had = translateSet(source.index, target.index, wanted.cell.words.effective);
  const { effective, undecided } = given.cell.words;
  const missing = had.set.map((bits, lane) => bits & ~effective[lane] & ~undecided[lane]);
  const extra = effective.map((bits, lane) => bits & ~had.set[lane]);
  const open = status === 'unknown' ? openObstacles(target, undecided, unknowns) : [];
  return [
    ...machineDifference(wanted.cell.resolution.machine, machine),
    ...bitObstacles(source, had.wordless, 'no', (_, bit) => `QEMU there knows no ${bit}`),
    ...bitObstacles(target, missing, 'no', (_, bit) => `the guest has ${bit}, and would not there`),
    ...bitObstacles(target, extra, 'no', (_, bit) => `the guest lacks ${bit}, and would have it there`),
    ...propertyDifferences({ ...wanted, index: source.index }, { ...given, index: target.index }),
    ...open,
  ];
}

function machineDifference(wanted: string, given: string): Obstacle[] {
  return wanted === given
    ? []
    : [obstacle('no', 'machine', given, `the machine type there is ${given}, not ${wanted}`)];
}

const kindOfProperty = (name: GuestProperty): ObstacleKind => {
  if (name === 'vendor') return 'vendor';
  if (name === 'phys-bits' || name === 'guest-phys-bits') return 'address-bits';
  return name === 'level' || name === 'xlevel' || name === 'xlevel2' ? 'level' : 'identity';
};

type IndexedCell = SeenCell & { readonly index: CatalogIndex };

function propertyDifferences(wanted: IndexedCell, given: IndexedCell): Obstacle[] {
  return guestProperties.flatMap((name) => {
    const [had, gets] = [guestProperty(wanted.cell, wanted.index, name), guestProperty(given.cell, given.index, name)];
    if (had === gets && had !== null) return [];
    if (had === null || gets === null) return sizelessDifference(name, wanted, given);
    return [obstacle('no', kindOfProperty(name), name, `the guest's ${name} is ${had}, there it would be ${gets}`)];
  });
}

/** Address sizes that are not known: 32-bit guests may have none, and then both have none. */
function sizelessDifference(name: GuestProperty, wanted: IndexedCell, given: IndexedCell): Obstacle[] {
  const is64Bit = [wanted, given].some(({ cell, index }) => hasFeature(index, cell.words.effective, 'lm'));
  return is64Bit ? [obstacle('unknown', kindOfProperty(name), name, `${name} of one of them is not known`)] : [];
}
