import { AtlasError } from '@cpu-atlas/core';
import type {
  CpuGroup,
  CpuidEntry,
  FeatureMsr,
  HardwareLayer,
  HostSnapshot,
  KernelLayer,
  KvmLayer,
  Layer,
  ObservedAccelerator,
  QemuBinary,
  UnknownLayer,
  UnknownReason,
  UnreadQemu,
} from '@cpu-atlas/core';
import { checkShapeLimits, limits } from './limits.ts';
import { parseJsonText } from './json-text.ts';
import { parseWith } from './parse.ts';
import { z } from './zod.ts';

const name = z.string().min(1).max(limits.nameLength);
const text = z.string().max(limits.textLength);

/** Text is always hex, with or without its prefix; a decimal value is a JSON number. */
const hexDigits = /^(?:0[xX])?[0-9a-fA-F]+$/;

/** `0x7`, `0X0000000A`, `7f` or the number 7; leaves as `0x` and eight lower-case digits. */
export const hex32Schema = z
  .preprocess(numberAsHex(32), z.string().check(normaliseHex({ bits: 32, example: '0x0000001f', written: padHex32 })))
  .meta({
    id: 'Hex32',
    description: '32-bit register, 0x and 8 lower-case hex digits',
    pattern: hexDigits.source,
    example: '0x0000001f',
  });

/** As `hex32Schema`, up to 64 bits; leaves without leading zeros. */
export const hex64Schema = z
  .preprocess(numberAsHex(64), z.string().check(normaliseHex({ bits: 64, example: '0x1f', written: trimHex })))
  .meta({
    id: 'Hex64',
    description: '64-bit value, 0x and lower-case hex digits',
    pattern: hexDigits.source,
    example: '0xa0011d5',
  });

/** Records write "no subleaf" as null, 0 or nothing. */
const subleafSchema = z.preprocess(
  (value) => (value === null || value === undefined ? 0 : hexAsNumber(value)),
  z.number().int().min(0).max(0xffff_ffff),
);

export const cpuidEntrySchema = z
  .object({
    leaf: hex32Schema,
    subleaf: subleafSchema,
    eax: hex32Schema,
    ebx: hex32Schema,
    ecx: hex32Schema,
    edx: hex32Schema,
  })
  .meta({ id: 'CpuidEntry' }) satisfies z.ZodType<CpuidEntry>;

const cpuidListSchema = z.array(cpuidEntrySchema).max(2_048);

export const unknownReasonSchema = z
  .object({ code: name, reason: text, remedy: text })
  .meta({ id: 'UnknownReason' }) satisfies z.ZodType<UnknownReason>;

export const unknownLayerSchema = z.object({ unknown: unknownReasonSchema }).meta({
  id: 'UnknownLayer',
  description: 'A layer that could not be read, and why',
}) satisfies z.ZodType<UnknownLayer>;

export const cpuGroupSchema = z
  .object({ cpus: text, cpuid: cpuidListSchema.min(1) })
  .meta({ id: 'CpuGroup', description: 'CPUs with equal CPUID' }) satisfies z.ZodType<CpuGroup>;

export const featureMsrSchema = z
  .object({ index: hex32Schema, value: hex64Schema })
  .meta({ id: 'FeatureMsr' }) satisfies z.ZodType<FeatureMsr>;

export const hardwareLayerSchema = layerObject({
  cpus: z.array(cpuGroupSchema).min(1).max(1_024),
  unreadCpus: text.optional(),
  microcode: hex64Schema.optional(),
  vulnerabilities: z.record(name, text).optional(),
  hypervisor: text.optional(),
  tscKhz: z.number().nonnegative().optional(),
  partial: z.boolean().optional(),
  msrs: z.array(featureMsrSchema).max(4_096).optional(),
}) satisfies z.ZodType<HardwareLayer>;

const capabilitiesSchema = z.record(name, z.number().int());

export const kvmLayerSchema = layerObject({
  apiVersion: z.number().int(),
  modules: z.record(name, z.record(name, z.preprocess(numberAsText, text))).optional(),
  supportedCpuid: cpuidListSchema,
  emulatedCpuid: cpuidListSchema.optional(),
  featureMsrs: z.array(featureMsrSchema).max(4_096),
  unreadableMsrs: z.array(hex32Schema).max(4_096).optional(),
  msrIndices: z.array(hex32Schema).max(4_096).optional(),
  capabilities: capabilitiesSchema,
  vmCapabilities: capabilitiesSchema.optional(),
  guestXcr0: hex64Schema.optional(),
  mceCapabilities: hex64Schema.optional(),
  unwritableMsrs: z.array(hex32Schema).max(4_096).optional(),
  vmUnknown: unknownReasonSchema.optional(),
}) satisfies z.ZodType<KvmLayer>;

const kvmNotTold: UnknownLayer = {
  unknown: {
    code: 'NOT_IN_SNAPSHOT',
    reason: 'the snapshot tells the kernel but not what its KVM offers',
    remedy: 'run cpu-atlas probe on that host with access to /dev/kvm',
  },
};

export const kernelLayerSchema = z.object({
  release: text,
  kvm: z.preprocess(
    (value) => value ?? kvmNotTold,
    z.union([unknownLayerSchema, kvmLayerSchema]) satisfies z.ZodType<Layer<KvmLayer>>,
  ),
}) satisfies z.ZodType<KernelLayer>;

const observedAcceleratorSchema = z.object({
  host: z.record(name, z.union([z.boolean(), z.number(), text])).optional(),
  unavailable: z.record(name, z.array(name).max(4_096)).optional(),
}) satisfies z.ZodType<ObservedAccelerator>;

export const qemuBinarySchema = layerObject({
  path: text,
  version: name,
  package: text.optional(),
  catalog: text.optional(),
  observed: z
    .object({ kvm: observedAcceleratorSchema.optional(), tcg: observedAcceleratorSchema.optional() })
    .optional(),
}) satisfies z.ZodType<QemuBinary>;

export const unreadQemuSchema = z
  .object({ path: text, unknown: unknownReasonSchema })
  .meta({ id: 'UnreadQemu' }) satisfies z.ZodType<UnreadQemu>;

/**
 * A host snapshot (DESIGN.md §4). On input it is liberal: hex of any length and case, layers left out or null, extra
 * keys (dropped). What comes out is normalised.
 */
export const hostSnapshotSchema = layerObject({
  schema: z.literal('cpu-atlas/host-snapshot/1'),
  host: z.object({
    id: name,
    name,
    labels: z.record(name, text).optional(),
  }),
  collectedAt: z.iso.datetime({ offset: true, error: 'must be a time such as 2026-11-22T13:00:00Z' }),
  collector: text,
  hardware: z.union([unknownLayerSchema, hardwareLayerSchema]).optional(),
  kernel: z.union([unknownLayerSchema, kernelLayerSchema]).optional(),
  qemu: z.array(qemuBinarySchema).max(256).optional(),
  unreadQemu: z.array(unreadQemuSchema).max(256).optional(),
}).meta({ id: 'HostSnapshot' }) satisfies z.ZodType<HostSnapshot>;

/**
 * Anything to a host snapshot. `source` is the file or request part it came from.
 * @throws SNAPSHOT_INVALID with the JSON path of the first problem
 */
export function parseSnapshot(value: unknown, source?: string): HostSnapshot {
  checkShapeLimits(value, { code: 'SNAPSHOT_INVALID', values: limits.snapshotValues, where: source });
  return parseWith(hostSnapshotSchema, value, {
    code: 'SNAPSHOT_INVALID',
    source,
    remedy: 'correct it after the shape in docs/formats.md, or make one with: cpu-atlas probe --out FILE',
  });
}

/**
 * JSON text of a host snapshot.
 * @throws SNAPSHOT_INVALID, FILE_TOO_LARGE
 */
export function parseSnapshotText(json: string, source: string): HostSnapshot {
  if (json.length > limits.snapshotBytes) {
    throw new AtlasError('FILE_TOO_LARGE', `a host snapshot has at most ${limits.snapshotBytes} bytes`, {
      where: source,
    });
  }
  return parseSnapshot(parseJsonText(json, { code: 'SNAPSHOT_INVALID', source }), source);
}

/** An object whose keys may also be null, which means left out. */
function layerObject<T extends z.core.$ZodShape>(shape: T) {
  return z.preprocess(withoutNulls, z.object(shape));
}

function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  if (!Object.values(value).includes(null)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, child]) => child !== null));
}

function numberAsHex(bits: 32 | 64): (value: unknown) => unknown {
  const beyond = bits === 32 ? 0x1_0000_0000 : Number.MAX_SAFE_INTEGER + 1;
  return (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < beyond
      ? `0x${value.toString(16)}`
      : value;
}

/** Module parameters are text in sysfs; people write `nested: 1`. */
function numberAsText(value: unknown): unknown {
  return typeof value === 'number' ? String(value) : value;
}

/** One check for each of a snapshot's thousand registers: the three that zod has for the same take twice as long. */
function normaliseHex(form: {
  readonly bits: 32 | 64;
  readonly example: string;
  readonly written: (hex: string) => string;
}): z.core.CheckFn<string> {
  const longest = '0x'.length + form.bits / 4;
  return (payload) => {
    const { value } = payload;
    const written = hexDigits.test(value) ? form.written(value) : null;
    if (written !== null && written.length <= longest) {
      payload.value = written;
      return;
    }
    const message = written === null ? `must be a hex string such as ${form.example}` : `must fit in ${form.bits} bits`;
    payload.issues.push({ code: 'custom', message, input: value });
  };
}

function hexAsNumber(value: unknown): unknown {
  return typeof value === 'string' && /^0[xX][0-9a-fA-F]{1,8}$/.test(value) ? Number(value) : value;
}

function trimHex(hex: string): string {
  const digits = hex.replace(/^0[xX]/, '').replace(/^0+(?=.)/, '');
  return `0x${digits.toLowerCase()}`;
}

function padHex32(hex: string): string {
  return hex.length === 10 && hex.startsWith('0x') ? hex.toLowerCase() : `0x${trimHex(hex).slice(2).padStart(8, '0')}`;
}
