import { expect, test } from 'vitest';
import { environmentProblem, oneOfEqualParts, readQemuOutput } from './qemu-output.ts';

const pni = "warning: host doesn't support requested feature: CPUID.01H:ECX.pni [bit 0]";

test.each([
  { name: 'its own name', binary: '/usr/bin/qemu-system-x86_64', line: `qemu-system-x86_64: ${pni}` },
  { name: 'the path it was called by', binary: 'qemu', line: `/usr/libexec/qemu-kvm: ${pni}` },
  { name: 'the name of another program', binary: '/opt/vm/emulator', line: `emulator: ${pni}` },
  { name: 'a name that a wrapper hides', binary: '/opt/wrapper', line: `qemu-system-x86_64: ${pni}` },
  { name: 'no name', binary: 'qemu', line: pni },
])('$name before a line is taken away', ({ binary, line }) => {
  expect(readQemuOutput(`${line}\r\n\n`, binary).lines).toEqual([pni]);
});

test('lines about features are told from others', () => {
  const features = [
    pni,
    "warning: TCG doesn't support requested feature: CPUID[eax=07h,ecx=00h].EBX.avx512f [bit 16]",
    'warning: This feature depends on other features that were not requested: CPUID.8000000AH:EDX.npt [bit 0]',
    "warning: host cpuid 0000_0001 lacks requested flag 'sse4.2|sse4_2' [0x00100000]",
  ];
  const others = [
    "warning: This family of AMD CPU doesn't support hyperthreading(2)",
    "warning: Machine type 'pc-i440fx-2.4' is deprecated: old and unattended",
    "Host doesn't support requested features",
    'error: failed to set MSR 0x10a to 0x69',
  ];
  const output = readQemuOutput([...others.slice(0, 2), ...features, ...others.slice(2)].join('\n'), 'qemu');
  expect(output.featureWarnings).toEqual(features);
  expect(output.otherLines).toEqual(others);
});

test.each([
  { lines: ['a', 'b', 'a', 'b'], count: 2, part: ['a', 'b'] },
  { lines: ['a', 'a'], count: 2, part: ['a'] },
  { lines: ['a', 'b'], count: 2, part: ['a', 'b'] },
  { lines: ['a', 'b', 'a'], count: 2, part: ['a', 'b', 'a'] },
  { lines: [], count: 4, part: [] },
  { lines: ['a', 'b'], count: 1, part: ['a', 'b'] },
])('$lines for $count CPUs is $part for one', ({ lines, count, part }) => {
  expect(oneOfEqualParts(lines, count)).toEqual(part);
});

test.each([
  { line: '-accel kvm: Could not access KVM kernel module: Permission denied', isEnvironment: true },
  { line: '-accel hvf: invalid accelerator hvf', isEnvironment: true },
  { line: 'unable to map backing store for guest RAM: Cannot allocate memory', isEnvironment: true },
  { line: 'KVM does not support userspace APIC', isEnvironment: false },
  { line: "unable to find CPU model 'X'", isEnvironment: false },
])('"$line" is the machine, not the CPU: $isEnvironment', ({ line, isEnvironment }) => {
  expect(environmentProblem(readQemuOutput(line, 'qemu'))).toBe(isEnvironment ? line : null);
});
