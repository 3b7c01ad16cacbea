/** One question to CPUID: what goes into EAX and ECX. */
export interface CpuidQuestion {
  readonly leaf: number;
  readonly subleaf: number;
}

/** Where the program lies in guest memory; above the vectors of real mode, below everything a PC puts there. */
export const programAddress = 0x8000;

/** The port of QEMU's debug console. Source: QEMU 7.2 to 11.1, device isa-debugcon */
export const consolePort = 0xe9;

const littleEndian = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => (value >>> (8 * i)) & 0xff);

/** Writes EAX to the console, its lowest byte first, and leaves it as it was: `out port, al; ror eax, 8`, four times. */
const writeEax = Array.from({ length: 4 }, () => [0xe6, consolePort, 0x66, 0xc1, 0xc8, 0x08]).flat();

function instructions(table: number, end: number): number[] {
  const start = [
    ...[0x31, 0xc0], // xor ax, ax
    ...[0x8e, 0xd8], // mov ds, ax
    ...[0xbe, ...littleEndian(table, 2)], // mov si, table
  ];
  const loop = [
    ...[0x66, 0x8b, 0x04], // mov eax, [si]
    ...[0x66, 0x8b, 0x4c, 0x04], // mov ecx, [si+4]
    ...[0x0f, 0xa2], // cpuid
    ...writeEax,
    ...[0x66, 0x89, 0xd8], // mov eax, ebx
    ...writeEax,
    ...[0x66, 0x89, 0xc8], // mov eax, ecx
    ...writeEax,
    ...[0x66, 0x89, 0xd0], // mov eax, edx
    ...writeEax,
    ...[0x83, 0xc6, 0x08], // add si, 8
    ...[0x81, 0xfe, ...littleEndian(end, 2)], // cmp si, end
  ];
  const jump = 4;
  const back = littleEndian(-(loop.length + jump), 2);
  // jb loop; then a stop that no interrupt ends, as they are off since the reset
  return [...start, ...loop, 0x0f, 0x82, ...back, 0xf4];
}

/**
 * A program in real mode that asks CPUID each question in turn and writes the four registers of every answer to the debug
 * console, 16 bytes an answer.
 */
export function assembleCpuidProgram(questions: readonly CpuidQuestion[]): Uint8Array {
  const table = questions.flatMap(({ leaf, subleaf }) => [...littleEndian(leaf, 4), ...littleEndian(subleaf, 4)]);
  const codeLength = Math.ceil(instructions(0, 0).length / 8) * 8;
  const tableAddress = programAddress + codeLength;
  const code = instructions(tableAddress, tableAddress + table.length);
  const image = new Uint8Array(codeLength + table.length);
  image.set(code);
  image.set(table, codeLength);
  return image;
}
