import { AtlasError, type KernelIrqchip, type SmpTopology } from '@cpu-atlas/core';

/** What decides the CPU of a QEMU launched to be asked. */
export interface QemuConfiguration {
  /** Name or alias; `none` has no CPU at all. */
  readonly machine: string;
  readonly accel: string;
  /** More options of `-accel`, `['tb-size=1']`. */
  readonly accelOptions?: readonly string[] | undefined;
  /** The argument of `-cpu`; absent: the machine type's default model. */
  readonly cpu?: string | undefined;
  readonly kernelIrqchip?: KernelIrqchip | undefined;
  readonly smp?: SmpTopology | undefined;
  /** Guest memory. It is never touched; default 16, which every x86 machine type takes. */
  readonly memoryMiB?: number | undefined;
  /** Put after all others, as they are. */
  readonly extraArgs?: readonly string[] | undefined;
}

const defaultMemoryMiB = 16;
const smpKeys = ['cpus', 'sockets', 'dies', 'clusters', 'modules', 'cores', 'threads'] as const;

/**
 * The arguments of a QEMU that is paused, has no devices and no user configuration, and speaks QMP on its standard
 * streams.
 * @throws MACHINE_TYPE_UNKNOWN, ACCELERATOR_UNKNOWN for a name that would smuggle in another option
 */
export function qemuArguments(configuration: QemuConfiguration): readonly string[] {
  const { machine, accel, accelOptions = [], cpu, kernelIrqchip, smp, memoryMiB, extraArgs = [] } = configuration;
  if (!isPlainName(machine))
    throw new AtlasError('MACHINE_TYPE_UNKNOWN', 'no name of a machine type', { where: machine });
  if (!isPlainName(accel)) throw new AtlasError('ACCELERATOR_UNKNOWN', 'no name of an accelerator', { where: accel });
  const irqchip = kernelIrqchip === undefined ? [] : [`kernel-irqchip=${kernelIrqchip}`];
  return [
    '-S',
    '-nodefaults',
    '-no-user-config',
    ...['-display', 'none'],
    ...['-qmp', 'stdio'],
    ...['-machine', [machine, ...irqchip].join(',')],
    ...['-accel', [accel, ...accelOptions].join(',')],
    ...['-m', String(memoryMiB ?? defaultMemoryMiB)],
    ...(cpu === undefined ? [] : ['-cpu', cpu]),
    ...smpArguments(smp),
    ...extraArgs,
  ];
}

function smpArguments(smp: SmpTopology | undefined): readonly string[] {
  const options = smpKeys.flatMap((key) => (smp?.[key] === undefined ? [] : [`${key}=${smp[key]}`]));
  return options.length === 0 ? [] : ['-smp', options.join(',')];
}

function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(name);
}
