import { describe, expect, it, test } from 'vitest';
import { realQemus } from '../qmp/testing/real-qemu.ts';
import { assembleCpuidProgram, programAddress } from './cpuid-program.ts';
import { readGuestCpuid } from './read-guest-cpuid.ts';

describe('the program', () => {
  it('ends in whole units that a loader device takes, with the questions after the code', () => {
    const questions = [
      { leaf: 0x8000001d, subleaf: 3 },
      { leaf: 4, subleaf: 0 },
    ];
    const image = assembleCpuidProgram(questions);
    expect(image.length % 8).toBe(0);
    const view = new DataView(image.buffer);
    const table = image.length - 16;
    expect([0, 4, 8, 12].map((at) => view.getUint32(table + at, true))).toEqual([0x8000001d, 3, 4, 0]);
    // mov si, table; and the comparison that ends the loop
    expect(view.getUint16(5, true)).toBe(programAddress + table);
    const hex = Buffer.from(image.subarray(0, table)).toString('hex');
    const end = Buffer.from([programAddress & 255, 0]);
    end.writeUInt16LE(programAddress + image.length);
    expect(hex).toContain(`81fe${end.toString('hex')}`);
  });

  it('jumps back to where the loop begins', () => {
    const image = assembleCpuidProgram([{ leaf: 0, subleaf: 0 }]);
    const jump = Buffer.from(image).indexOf(Buffer.from([0x0f, 0x82]));
    const target = jump + 4 + Buffer.from(image).readInt16LE(jump + 2);
    expect([...image.subarray(target, target + 3)]).toEqual([0x66, 0x8b, 0x04]);
    expect(image[jump + 4]).toBe(0xf4);
  });
});

test.skipIf(realQemus.length > 0)('qemu-system-x86_64 is not installed: no guest read its CPUID', () => {});

describe.each(realQemus)('%s', (binary) => {
  it('lets a guest read what its -cpu says', async () => {
    const questions = [0, 1, 0x80000002].map((leaf) => ({ leaf, subleaf: 0 }));
    const cpu = 'qemu64,vendor=CPUAtlasTest,family=21,model=33,stepping=5';
    const [vendor, signature, brand] = await readGuestCpuid({
      binary,
      machine: 'q35',
      cpu,
      questions,
      timeoutMs: 60_000,
    });
    const text = Buffer.alloc(12);
    [vendor.EBX, vendor.EDX, vendor.ECX].forEach((word, i) => text.writeUInt32LE(word >>> 0, 4 * i));
    expect(text.toString()).toBe('CPUAtlasTest');
    expect(signature.EAX.toString(16)).toBe('620f15');
    expect(brand.EAX.toString(16)).toBe('554d4551');
  }, 90_000);

  it('faults where QEMU does not start', async () => {
    const reading = { binary, machine: 'q35', cpu: 'Nosuch', questions: [{ leaf: 0, subleaf: 0 }], timeoutMs: 30_000 };
    await expect(readGuestCpuid(reading)).rejects.toMatchObject({
      code: expect.stringMatching(/^(QEMU|QMP)_/) as string,
    });
  }, 60_000);
});
