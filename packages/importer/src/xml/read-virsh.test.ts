import { isUnknown, type CpuidEntry } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { caught } from '../testing/caught.ts';
import { falseBits } from '../testing/known-bits.ts';
import { options, readCorpus, readDemoHost } from '../testing/seed-corpus.ts';
import { readVirshCapabilities } from './read-virsh-capabilities.ts';
import { readVirshDomcapabilities } from './read-virsh-domcapabilities.ts';

const textOf = (file: string): string => Buffer.from(readCorpus(file)).toString();
const capabilities = textOf('virsh-capabilities-xeon-gold-6148.xml');
const kvm = textOf('virsh-domcapabilities-qemu-10.0-kvm.xml');
const tcg = textOf('virsh-domcapabilities-qemu-4.2-tcg.xml');

describe('virsh capabilities', () => {
  const { snapshots, notes } = readVirshCapabilities(capabilities, options);
  const [snapshot] = snapshots;
  const hardware = snapshot?.hardware;
  const layer = hardware === undefined || isUnknown(hardware) ? null : hardware;

  it('tells CPUs, TSC and model, and is partial', () => {
    expect(layer).toMatchObject({ tscKhz: 2_400_000, partial: true });
    expect(layer?.cpus.map(({ cpus }) => cpus)).toEqual(['0-7']);
    expect(snapshot?.host.labels).toEqual({ 'libvirt-model': 'Skylake-Server' });
  });

  it('proves the features that are listed, and none that the CPU does not have', () => {
    const real = readDemoHost('xeon-gold-6148.json').hardware;
    const cpuid = real === undefined || isUnknown(real) ? [] : (real.cpus[0]?.cpuid ?? []);
    const claimed: readonly CpuidEntry[] = layer?.cpus[0]?.cpuid ?? [];
    expect(falseBits(claimed, cpuid)).toEqual([]);
    const leaf7 = Number(claimed.find(({ leaf }) => leaf === '0x00000007')?.ebx);
    expect((leaf7 >>> 23) & 1, 'clflushopt is listed').toBe(1);
    expect((leaf7 >>> 5) & 1, 'avx2 is in the model, of which the text tells nothing').toBe(0);
    expect(notes.join(' ')).toContain('those within it, and all that it does not list, are unknown');
  });

  it('names the QEMU binaries for x86_64 guests, whose versions are unknown', () => {
    expect(snapshot?.unreadQemu).toMatchObject([
      { path: '/usr/bin/qemu-system-x86_64', unknown: { code: 'NOT_IN_IMPORT' } },
    ]);
  });

  it('reads the microcode, which libvirt writes in decimal', () => {
    const text = capabilities.replace('<vendor>', "<microcode version='33581318'/>\n<vendor>");
    expect(readVirshCapabilities(text, options).snapshots[0]?.hardware).toMatchObject({ microcode: '0x2006906' });
  });

  const damaged: readonly { readonly what: string; readonly text: string; readonly code: string }[] = [
    {
      what: 'another architecture',
      text: capabilities.replace('<arch>x86_64', '<arch>aarch64'),
      code: 'IMPORT_UNSUPPORTED',
    },
    {
      what: 'a family that does not fit',
      text: capabilities.replace("family='6'", "family='600'"),
      code: 'IMPORT_INVALID',
    },
    { what: 'no CPU', text: '<capabilities><host/></capabilities>', code: 'IMPORT_INVALID' },
  ];
  it.each(damaged)('with $what is refused', ({ text, code }) => {
    expect(caught(() => readVirshCapabilities(text, options)).code).toBe(code);
  });
});

describe('virsh domcapabilities', () => {
  const [snapshot] = readVirshDomcapabilities(kvm, { ...options, qemuVersion: '10.0.0' }).snapshots;
  const binary = snapshot?.qemu?.[0];

  it('tells what host-model requires, under the names of QEMU, and nothing of the rest', () => {
    const host = binary?.observed?.kvm?.host ?? {};
    expect(binary).toMatchObject({ path: '/usr/bin/qemu-system-x86_64', version: '10.0.0' });
    expect(host).toMatchObject({
      vendor: 'AuthenticAMD',
      x2apic: true,
      'cmp-legacy': true,
      'tsc-adjust': true,
      invtsc: true,
    });
    expect(host).not.toHaveProperty('cmp_legacy');
    expect(host, 'libvirt disables it because its map says that it does not migrate').not.toHaveProperty('xsaves');
    expect(host, 'it is in the model').not.toHaveProperty('avx2');
  });

  it('tells what usable models lack: nothing, and of others the blockers', () => {
    const unavailable = binary?.observed?.kvm?.unavailable ?? {};
    expect(unavailable['qemu64']).toEqual([]);
    expect(unavailable['phenom-v1']).toEqual(['3dnow', '3dnowext']);
    expect(Object.keys(unavailable).length).toBeGreaterThan(140);
  });

  it.each([
    { text: kvm, accelerator: 'kvm', file: 'amd-ryzen-9-3900x-12-core-qemu-10.0.json' },
    { text: tcg, accelerator: 'tcg', file: 'intel-xeon-e3-1245-v5-qemu-4.2.json' },
  ] as const)(
    'agrees, model by model, with the $accelerator session it was made from ($file)',
    ({ text, accelerator, file }) => {
      const told = readVirshDomcapabilities(text, options).snapshots[0]?.qemu?.[0]?.observed?.[accelerator];
      const recorded = readDemoHost(file).qemu?.[0]?.observed?.[accelerator];
      const models = Object.keys(told?.unavailable ?? {});
      expect(models.length).toBeGreaterThan(10);
      for (const model of models) {
        expect(new Set(told?.unavailable?.[model]), model).toEqual(new Set(recorded?.unavailable?.[model]));
      }
      const features = Object.entries(told?.host ?? {}).filter(([, value]) => typeof value === 'boolean');
      expect(features.length).toBeGreaterThan(20);
      for (const [name, value] of features) expect(recorded?.host?.[name], name).toBe(value);
    },
  );

  it('says that the version of QEMU is not told, and what bounds it', () => {
    const reading = readVirshDomcapabilities(kvm, options);
    expect(reading.snapshots[0]?.qemu?.[0]?.version).toBe('unknown');
    expect(reading.notes.join(' ')).toContain('pc-q35-10.0 came with QEMU 10.0');
  });

  const damaged: readonly { readonly what: string; readonly text: string; readonly code: string }[] = [
    { what: 'another accelerator', text: kvm.replace('<domain>kvm', '<domain>hvf'), code: 'IMPORT_UNSUPPORTED' },
    {
      what: 'guests of another architecture',
      text: kvm.replace('<arch>x86_64', '<arch>s390x'),
      code: 'IMPORT_UNSUPPORTED',
    },
    { what: 'no models', text: kvm.replace(/<cpu>[^]*<\/cpu>/, '<cpu/>'), code: 'IMPORT_INVALID' },
    { what: 'a model named __proto__', text: kvm.replace('>486<', '>__proto__<'), code: 'IMPORT_INVALID' },
  ];
  it.each(damaged)('of $what is refused', ({ text, code }) => {
    expect(caught(() => readVirshDomcapabilities(text, options)).code).toBe(code);
  });
});
