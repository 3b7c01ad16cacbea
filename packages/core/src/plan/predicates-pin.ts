import type { CatalogIndex, FeatureLocation } from '../catalog/catalog-index.ts';
import { parseCpuArgument } from '../resolve/cpu-argument.ts';
import type { ResolvedCell } from '../resolve/resolve.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import { guestProperties, guestProperty, translateSet, type GuestCpu, type GuestProperty } from './predicates-guest.ts';

const overlaps = (set: FeatureSet, { lane, mask, highMask }: FeatureLocation): boolean =>
  (set[lane] & mask) !== 0 || (highMask !== 0 && (set[lane + 1] & highMask) !== 0);

/** The property that fixes what differs; null: none can. */
function fixProperty(name: GuestProperty, value: string | number | null, cell: ResolvedCell): string | null {
  if (value === null || (typeof value === 'string' && value.includes(','))) return null;
  // The host's vendor stays: a guest of another vendor does not move there anyway.
  if (name === 'vendor') return null;
  const followsHost = cell.configured.properties['host-phys-bits'] === true;
  return name === 'phys-bits' && followsHost ? `host-phys-bits-limit=${value}` : `${name}=${value}`;
}

/** Settings of the user that are kept as they are: neither features nor what is only about the start. */
function keptSettings(index: CatalogIndex, cpu: string, fixed: ReadonlySet<string>): string[] {
  return parseCpuArgument(cpu).edits.flatMap((edit) => {
    if (edit.kind !== 'assign' || index.features.has(edit.name)) return [];
    const isAboutStart = edit.name === 'enforce' || edit.name === 'check';
    return isAboutStart || fixed.has(edit.name) ? [] : [`${edit.name}=${edit.value}`];
  });
}

/**
 * A `-cpu` argument that gives on another QEMU the guest CPU that a VM has: its own line with everything spelled out
 * that would come out otherwise there. `plain` is what its own line gives there.
 */
export function pinLine(guest: GuestCpu, target: CatalogIndex, plain: ResolvedCell): string {
  const source = guest.host.context.index;
  const { model } = parseCpuArgument(guest.request.cpu);
  const had = translateSet(source, target, guest.cell.words.effective).set;
  const touched = translateSet(source, target, guest.cell.configured.touched).set;
  const spelled = touched.map((bits, lane) => bits | (had[lane] ^ plain.words.effective[lane]));
  const features = target.catalog.features.flatMap(({ name }) => {
    const location = target.features.get(name);
    if (location === undefined || !overlaps(spelled, location)) return [];
    return [`${overlaps(had, location) ? '+' : '-'}${name}`];
  });
  const fixes = guestProperties.flatMap((name) => {
    const value = guestProperty(guest.cell, source, name);
    if (value === guestProperty(plain, target, name)) return [];
    const fix = fixProperty(name, value, plain);
    return fix === null || !target.otherProperties.has(fix.split('=', 1)[0]) ? [] : [fix];
  });
  const fixed = new Set(fixes.map((fix) => fix.split('=', 1)[0]));
  return [model, ...keptSettings(target, guest.request.cpu, fixed), ...fixes, ...features].join(',');
}
