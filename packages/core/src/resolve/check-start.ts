import type { Refusal } from './resolution.ts';
import { holds } from './rules.ts';
import { isKvm, isOn, type StartInput } from './start-input.ts';

/** Source: QEMU 10.2 source, 11.1 run */
export function checkCpuidOptions({ settled: { configured } }: StartInput): Refusal | null {
  const { properties } = configured;
  if (properties['x-vendor-cpuid-only-v2'] !== true || properties['x-vendor-cpuid-only'] !== false) return null;
  const message = 'x-vendor-cpuid-only-v2 property depends on x-vendor-cpuid-only';
  return { by: 'usage', message, remedy: 'switch x-vendor-cpuid-only on, or x-vendor-cpuid-only-v2 off' };
}

/** Only KVM can hand the records of last branches to a guest, and only in the host's own format. */
export function checkLbrFormat(input: StartInput): Refusal | null {
  const { context, settled } = input;
  const lane = context.index.layout.laneOfKey.get('msr.345');
  if (lane === undefined || !isKvm(input) || !holds('lbrFormatChecked', context.index.release)) return null;
  const asked = settled.words.requested[lane] & 0x3f;
  if (asked === 0) return null;
  if (!isOn(input, 'pmu'))
    return {
      by: 'usage',
      message: 'vPMU: LBR is unsupported without pmu=on',
      remedy: 'append ,pmu=on, or leave lbr-fmt out',
    };
  const offered = settled.support.supported[lane] & 0x3f;
  if (asked === offered || (settled.support.unknown[lane] & 0x3f) !== 0) return null;
  const hex = (format: number): string => `0x${format.toString(16)}`;
  const message = `vPMU: the lbr-fmt value (${hex(asked)}) does not match the host value (${hex(offered)}).`;
  return { by: 'usage', message, remedy: 'give the format of the host, or leave lbr-fmt out' };
}

export function checkEnforce(input: StartInput): Refusal | null {
  if (!isOn(input, 'enforce') || !input.wouldRefuse) return null;
  const message = `${isKvm(input) ? 'Host' : 'TCG'} doesn't support requested features`;
  return { by: 'enforce', message, remedy: 'leave enforce out, or disable the filtered features' };
}

/** A model that the accelerator does not offer at all: `host` without KVM. */
export function checkAccelerator({ context, settled: { cell } }: StartInput): Refusal | null {
  if (cell.row >= 0) return null;
  const message = `CPU model '${context.index.catalog.models[cell.model].name}' requires KVM or HVF`;
  return { by: 'accelerator', message, remedy: 'use -accel kvm, or the model max' };
}

/** Models with caches of their own are those that somewhere do without the old ones. */
export function checkCaches({ context: { index }, settled: { cell, configured } }: StartInput): Refusal | null {
  if (configured.properties['legacy-cache'] !== false || cell.accelerator.hasOwnCaches(cell.model)) return null;
  const message = `CPU model '${index.catalog.models[cell.model].name}' doesn't support legacy-cache=off`;
  return { by: 'usage', message, remedy: 'leave legacy-cache out' };
}

/** Characters of the vendor that Hyper-V leaves have room for. Source: Hyper-V TLFS, leaf 40000000H */
const hyperVVendorLength = 12;

export function hyperVLines({ settled: { configured } }: StartInput): string[] {
  const vendor = configured.properties['hv-vendor-id'];
  const isLong = typeof vendor === 'string' && vendor.length > hyperVVendorLength;
  return isLong ? ['warning: hv-vendor-id truncated to 12 characters'] : [];
}
