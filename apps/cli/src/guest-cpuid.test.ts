import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { guestCpuidSchema, parseSnapshot } from '@cpu-atlas/contract';
import { describe, expect, it } from 'vitest';
import { expectFault, recordedHost, runCli, useFolder } from './testing/run-cli.ts';

const place = useFolder();

const host = ['--host', recordedHost, '--catalog', '10.0'];
const ask = (...more: string[]) =>
  runCli(['guest-cpuid', ...host, '--machine', 'pc-q35-10.0', '--cpu', 'EPYC', ...more]);

/** The recorded host without the layer that KVM is. */
async function silentHost(): Promise<string> {
  const { kernel: _, ...silent } = parseSnapshot(JSON.parse(await readFile(recordedHost, 'utf8')));
  const file = join(place.folder, 'silent.json');
  await writeFile(file, JSON.stringify(silent));
  return file;
}

describe('guest-cpuid', () => {
  it('gives programs what the API gives', async () => {
    const { code, out, err } = await ask('--smp', 'sockets=1,cores=2,threads=2', '--vcpu', '3');
    expect([code, err]).toEqual([0, '']);
    const answer: unknown = JSON.parse(out);
    expect(guestCpuidSchema.parse(answer)).toEqual(answer);
    expect(answer).toMatchObject({ vcpu: 3, isComplete: true, unknowns: [], decoded: { apicId: 3 } });
  });

  it('tells people what the guest makes of it, then the leaves', async () => {
    const { code, out } = await ask('--format', 'table', '--smp', 'sockets=1,cores=4,threads=2');
    expect(code).toBe(0);
    expect(out).toContain('AuthenticAMD, family 23 model 1 stepping 2');
    expect(out).toMatch(/L3 8 MiB, 16-way, shared by 8/);
    expect(out).toMatch(/^40000000 .*0x4b4d564b/m);
    expect(out).not.toContain('characters');
  });

  it('compares two hosts; what one does not know is no difference', async () => {
    const same = await ask('--with', recordedHost);
    const refusals = { first: null, second: null };
    expect(JSON.parse(same.out)).toEqual({ verdict: 'equal', differences: [], refusals });
    expect(same.code).toBe(0);
    const silent = await ask('--with', await silentHost(), '--with-catalog', '10.0', '--format', 'table');
    expect(silent.out).toMatch(/^unknown\n/);
    expect(silent.code).toBe(3);
  });

  it('exits 3 where a layer that decides is missing, 1 where QEMU refuses', async () => {
    const file = await silentHost();
    const silent = await runCli([
      'guest-cpuid',
      '--host',
      file,
      '--catalog',
      '10.0',
      '--machine',
      'q35',
      '--cpu',
      'EPYC',
    ]);
    expect(silent.code).toBe(3);
    const refused = await ask('--cpu', 'Skylake-Server,enforce', '--format', 'table');
    expect(refused.code).toBe(1);
  });

  it('a guest that QEMU refuses is no equal one', async () => {
    const { out, code } = await ask('--cpu', 'Skylake-Server,enforce', '--with', recordedHost, '--format', 'table');
    expect(out).toMatch(/^equal\nrefused on the first: .+\nrefused on the second: /);
    expect(code).toBe(1);
  });

  it('a vCPU that is not there, an -smp that is none', async () => {
    expectFault(await ask('--vcpu', '9'), 'REQUEST_INVALID');
    expect((await ask('--smp', 'cores=no')).code).toBe(2);
  });
});
