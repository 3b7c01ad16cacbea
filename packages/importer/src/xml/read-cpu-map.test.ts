import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCpuMap } from './read-cpu-map.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const installed = '/usr/share/libvirt/cpu_map';
const release = releaseOfInstalled();
const shipped = join(root, 'data', 'libvirt', release, 'cpu-map.json');

/** Empty: there is no libvirt, or it does not tell its release. */
function releaseOfInstalled(): string {
  try {
    return existsSync(installed) ? execFileSync('virsh', ['--version'], { encoding: 'utf8' }).trim() : '';
  } catch {
    return '';
  }
}

const files: Readonly<Record<string, string>> = {
  'index.xml': `<cpus><arch name='arm'><include filename='arm.xml'/></arch>
    <arch name='x86'><include filename='features.xml'/><group name='Intel'><include filename='models.xml'/></group></arch></cpus>`,
  'features.xml': `<cpus><vendor name='Intel' string='GenuineIntel'/>
    <feature name='sse4.1'><cpuid eax_in='0x01' ecx='0x00080000'/><alias name='sse4-1' source='qemu'/><alias name='x' source='linux'/></feature>
    <feature name='invtsc' migratable='no'><cpuid eax_in='0x80000007' edx='0x00000100'/></feature>
    <feature name='vmx-x'><msr index='0x48b' eax='0x0' edx='0x00000003'/></feature></cpus>`,
  'models.xml': `<cpus><model name='A'><decode host='on' guest='off'/><signature family='6' model='85' stepping='5-7'/><vendor name='Intel'/>
    <feature name='sse4.1'/><feature name='invtsc' removed='yes'/><feature name='vmx-x' added='yes'/></model>
    <model name='A-v2'><model name='A'/></model></cpus>`,
};
const read = (changed: Readonly<Record<string, string>>) => async (name: string) =>
  ({ ...files, ...changed })[name] ?? '';

describe('the CPU map of an installed libvirt', () => {
  it('is read to its bits, signatures and names', async () => {
    const map = await readCpuMap(read({}), '9.9.9');
    expect(map).toMatchObject({ release: '9.9.9', vendors: [{ name: 'Intel', cpuid: 'GenuineIntel' }] });
    expect(map.features).toEqual([
      { name: 'sse4.1', bits: [['1.0.ECX', 19]], qemu: ['sse4-1'] },
      { name: 'invtsc', bits: [['80000007.0.EDX', 8]], migratable: false },
      {
        name: 'vmx-x',
        bits: [
          ['msr.48b', 32],
          ['msr.48b', 33],
        ],
      },
    ]);
    expect(map.models).toEqual([
      {
        ...{ name: 'A', vendor: 'Intel', features: ['sse4.1'], removed: ['invtsc'] },
        signatures: [{ family: 6, model: 85, steppings: [5, 6, 7] }],
        decode: { host: true, guest: false },
      },
      { name: 'A-v2', ancestor: 'A', features: [], decode: { host: true, guest: true } },
    ]);
  });

  it.each([
    [
      'a file outside its folder',
      { 'index.xml': "<cpus><arch name='x86'><include filename='../../etc/passwd'/></arch></cpus>" },
    ],
    ['no x86', { 'index.xml': '<cpus/>' }],
    [
      'a register that is none',
      { 'features.xml': "<cpus><feature name='a'><cpuid eax_in='1' ecx='all'/></feature></cpus>" },
    ],
    ['a feature without a name', { 'features.xml': '<cpus><feature/></cpus>' }],
    [
      'a signature that is none',
      { 'models.xml': "<cpus><model name='a'><signature family='x' model='1'/></model></cpus>" },
    ],
  ])('%s is refused', async (_, changed) => {
    await expect(readCpuMap(read(changed as Readonly<Record<string, string>>), '1.0.0')).rejects.toMatchObject({
      code: 'IMPORT_INVALID',
    });
  });

  it.skipIf(!existsSync(shipped))(
    `of libvirt ${release || 'none'} here is the one that is shipped (skipped: no installed libvirt of a shipped release)`,
    async () => {
      const map = await readCpuMap(async (name) => readFileSync(join(installed, name), 'utf8'), release);
      const { source: _, ...facts } = JSON.parse(readFileSync(shipped, 'utf8')) as object & { source: string };
      expect({ ...map, source: undefined }).toEqual({ ...facts, source: undefined });
    },
  );
});
