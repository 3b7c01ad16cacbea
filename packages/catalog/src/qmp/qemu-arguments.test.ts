import { expect, test } from 'vitest';
import { qemuArguments, type QemuConfiguration } from './qemu-arguments.ts';

const paused = ['-S', '-nodefaults', '-no-user-config', '-display', 'none', '-qmp', 'stdio'];

test.each<{ name: string; configuration: QemuConfiguration; args: readonly string[] }>([
  {
    name: 'the least that is needed',
    configuration: { machine: 'none', accel: 'tcg' },
    args: [...paused, '-machine', 'none', '-accel', 'tcg', '-m', '16'],
  },
  {
    name: 'everything',
    configuration: {
      machine: 'pc-q35-10.0',
      accel: 'kvm',
      accelOptions: ['dirty-ring-size=0'],
      cpu: 'EPYC,+x2apic',
      kernelIrqchip: 'split',
      smp: { cpus: 4, cores: 2, threads: 2 },
      memoryMiB: 64,
      extraArgs: ['-no-reboot'],
    },
    args: [
      ...[...paused, '-machine', 'pc-q35-10.0,kernel-irqchip=split', '-accel', 'kvm,dirty-ring-size=0', '-m', '64'],
      ...['-cpu', 'EPYC,+x2apic', '-smp', 'cpus=4,cores=2,threads=2', '-no-reboot'],
    ],
  },
  {
    name: 'an empty topology, which is no topology',
    configuration: { machine: 'q35', accel: 'tcg', smp: {} },
    args: [...paused, '-machine', 'q35', '-accel', 'tcg', '-m', '16'],
  },
])('$name', ({ configuration, args }) => {
  expect(qemuArguments(configuration)).toEqual(args);
});

test.each([
  { machine: 'q35,accel=xen', accel: 'tcg', code: 'MACHINE_TYPE_UNKNOWN' },
  { machine: '-daemonize', accel: 'tcg', code: 'MACHINE_TYPE_UNKNOWN' },
  { machine: '', accel: 'tcg', code: 'MACHINE_TYPE_UNKNOWN' },
  { machine: 'q35', accel: 'kvm,device=/dev/null', code: 'ACCELERATOR_UNKNOWN' },
  { machine: 'q35', accel: 'kvm\n', code: 'ACCELERATOR_UNKNOWN' },
])('machine "$machine" with accelerator "$accel" smuggles nothing in', ({ machine, accel, code }) => {
  expect(() => qemuArguments({ machine, accel })).toThrow(expect.objectContaining({ code }));
});
