import { AtlasError, type CpuidRegisters, type SmpTopology } from '@cpu-atlas/core';
import { launchQemu, type QmpClient } from '../qmp/index.ts';
import { expectString } from '../qmp/qmp-value.ts';
import { assembleCpuidProgram, programAddress, type CpuidQuestion } from './cpuid-program.ts';

/** What a guest is made of that reads its own CPUID, under TCG. */
export interface CpuidReading {
  readonly binary: string;
  /** A PC machine type. */
  readonly machine: string;
  readonly cpu: string;
  readonly smp?: SmpTopology | undefined;
  readonly questions: readonly CpuidQuestion[];
  readonly timeoutMs: number;
}

const bytesOfAnswer = 16;
const pollMs = 5;

/**
 * The program, and where to begin, as devices that fill memory: no file is needed that a confined QEMU could not read.
 * The code segment lies at FFFF0000H after a reset and addresses wrap at 4 GiB, so that the start is 64 KiB higher.
 * Source: QEMU documentation, generic loader; Intel SDM vol. 3A, 10.1.4
 */
function loaderArguments(image: Uint8Array): string[] {
  const view = new DataView(image.buffer);
  const chunks = Array.from({ length: image.length / 8 }, (_, i) => {
    const value = view.getBigUint64(8 * i, true).toString(16);
    return `loader,addr=0x${(programAddress + 8 * i).toString(16)},data=0x${value},data-len=8`;
  });
  const start = `loader,addr=0x${(0x10000 + programAddress).toString(16)},cpu-num=0`;
  return [...chunks, start].flatMap((device) => ['-device', device]);
}

const consoleArguments = (sizeBytes: number): string[] => [
  ...['-chardev', `ringbuf,id=answers,size=${sizeBytes}`],
  ...['-device', 'isa-debugcon,iobase=0xe9,chardev=answers'],
];

/**
 * Starts a guest that asks the CPUID instruction, and gives its answers in order. TCG gives a CPU every leaf that its
 * levels reach, so that no KVM is needed to see what a model says of its caches.
 * @throws QEMU_NOT_FOUND, QEMU_LAUNCH_FAILED, QEMU_DIED, QEMU_TIMEOUT, QMP_PROTOCOL, QMP_ERROR, MACHINE_TYPE_UNKNOWN
 */
export async function readGuestCpuid(reading: CpuidReading): Promise<readonly CpuidRegisters[]> {
  const { binary, machine, cpu, smp, questions, timeoutMs } = reading;
  const image = assembleCpuidProgram(questions);
  const sizeBytes = questions.length * bytesOfAnswer;
  const bufferBytes = 2 ** Math.ceil(Math.log2(sizeBytes + 1));
  const extraArgs = [...consoleArguments(bufferBytes), ...loaderArguments(image)];
  const qemu = await launchQemu({ binary, machine, accel: 'tcg', cpu, smp, timeoutMs, extraArgs });
  try {
    await qemu.client.execute('cont', undefined, { timeoutMs });
    const bytes = await readConsole(qemu.client, sizeBytes, timeoutMs);
    return questions.map((_, i) => registersAt(bytes, i * bytesOfAnswer));
  } finally {
    await qemu.dispose();
  }
}

async function readConsole(client: QmpClient, sizeBytes: number, timeoutMs: number): Promise<Buffer> {
  const attempts = Math.ceil(timeoutMs / pollMs);
  let bytes = Buffer.alloc(0);
  for (let attempt = 0; attempt < attempts && bytes.length < sizeBytes; attempt++) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, pollMs));
    const rest = { device: 'answers', size: sizeBytes - bytes.length, format: 'base64' };
    const reply = await client.execute('ringbuf-read', rest, { timeoutMs });
    bytes = Buffer.concat([bytes, Buffer.from(expectString(reply, 'ringbuf-read'), 'base64')]);
  }
  if (bytes.length >= sizeBytes) return bytes;
  throw new AtlasError('QEMU_TIMEOUT', `a guest that reads its own CPUID gave ${bytes.length} of ${sizeBytes} bytes`);
}

function registersAt(bytes: Buffer, at: number): CpuidRegisters {
  const word = (n: number): number => bytes.readUInt32LE(at + 4 * n);
  return { EAX: word(0), EBX: word(1), ECX: word(2), EDX: word(3) };
}
