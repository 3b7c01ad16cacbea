import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { expectFault, runCli, useFolder } from './testing/run-cli.ts';

const place = useFolder();
const snapshot = (name: string): string =>
  fileURLToPath(new URL(`../../../data/snapshots/${name}.json`, import.meta.url));
const [epyc, forced, opteron, silent] = ['lab-epyc-6.1', 'lab-forced-milan-6.1', 'lab-opteron_g3-6.1', 'atom-d510'].map(
  snapshot,
);
const on = ['--machine', 'pc-q35-7.2', '--catalog', '10.0', '--format', 'json'];

describe('cpu-atlas plan choices', () => {
  it('ranks models and proves the line of the best: yes', async () => {
    const { code, out } = await runCli(['plan', 'choices', epyc, opteron, ...on, '--limit', '3']);
    const { choices } = JSON.parse(out) as {
      choices: { proof: { answer: string; yes: number }; line: { cpu: string } }[];
    };
    expect([code, choices.length]).toEqual([0, 3]);
    expect(choices[0].proof).toMatchObject({ answer: 'yes', yes: 2 });
  });

  it('a model that cannot be given: no', async () => {
    const { code, out } = await runCli(['plan', 'choices', epyc, '--model', 'EPYC-Turin-v9', ...on]);
    expect(code).toBe(1);
    expect(out).toContain('unable to find CPU model');
  });

  it('a host of which KVM is not known: could not tell', async () => {
    const { code } = await runCli(['plan', 'choices', epyc, silent, '--model', 'qemu64-v1', ...on]);
    expect(code).toBe(3);
  });

  it('people get a table', async () => {
    const { out } = await runCli(['plan', 'choices', epyc, ...on.slice(0, -1), 'table', '--model', 'EPYC-v1']);
    expect(out).toMatch(/model +as it is +line starts/);
    expect(out).toMatch(/-cpu EPYC-v1,/);
  });
});

describe('cpu-atlas plan pools', () => {
  it('splits hosts and names what costs: yes', async () => {
    const { code, out } = await runCli(['plan', 'pools', epyc, forced, opteron, ...on]);
    const { choices } = JSON.parse(out) as { choices: { pools: { costs: { sentence: string }[] }[] }[] };
    expect(code).toBe(0);
    expect(choices[0].pools[0].costs[0].sentence).toMatch(/lab-opteron_g3-6\.1 costs? .*avx/);
    expect(out).not.toContain('supportedCpuid');
  });

  it('a host that tells nothing is not placed: could not tell', async () => {
    const { code, out } = await runCli(['plan', 'pools', epyc, silent, ...on.slice(0, -1), 'table']);
    expect(code).toBe(3);
    expect(out).toMatch(/\? not placed +atom-d510/);
  });

  it('a host without a required feature: no', async () => {
    const { code, out } = await runCli([
      'plan',
      'pools',
      epyc,
      opteron,
      '--abi-level',
      '3',
      ...on.slice(0, -1),
      'table',
    ]);
    expect(code).toBe(1);
    expect(out).toMatch(/✕ not fit +lab-opteron_g3-6\.1: \S+ CPUID/);
  });

  it('a constraint about a host that is not there is a fault', async () => {
    expectFault(await runCli(['plan', 'pools', epyc, '--apart', 'a,b', ...on]), 'HOST_NOT_FOUND');
  });
});

describe('cpu-atlas plan what-if', () => {
  it('an older host takes something away: no', async () => {
    const { code, out } = await runCli(['plan', 'what-if', forced, '--add', opteron, ...on]);
    const { lost } = JSON.parse(out) as { lost: { feature: string; bit: string }[] };
    expect(code).toBe(1);
    expect(lost).toContainEqual({ feature: 'avx2', bit: 'CPUID.07H.0:EBX[5]' });
  });

  it('a host goes and takes nothing along: yes', async () => {
    expect((await runCli(['plan', 'what-if', forced, opteron, '--remove', 'lab-opteron_g3-6.1', ...on])).code).toBe(0);
  });

  it('another QEMU on all', async () => {
    const { out } = await runCli(['plan', 'what-if', forced, '--qemu', '11.1.3', ...on]);
    expect((JSON.parse(out) as { gained: object[] }).gained.length).toBeGreaterThan(0);
  });

  it('no change is wrong usage', async () => {
    expectFault(await runCli(['plan', 'what-if', forced, ...on]), 'USAGE_INVALID');
  });
});

describe('cpu-atlas plan vms', () => {
  it('tells traps, empties a host, and frees what is stuck', async () => {
    const list = join(place.folder, 'vms.csv');
    await writeFile(
      list,
      'name,host,machine,cpu\nweb,lab-epyc-6.1,pc-q35-7.2,EPYC-v1\ndb,lab-forced-milan-6.1,pc-q35-7.2,EPYC-v1\n',
    );
    const { code, out } = await runCli([
      'plan',
      'vms',
      epyc,
      forced,
      '--list',
      list,
      '--drain',
      'lab-forced-milan-6.1',
      ...on,
    ]);
    const { groups, drain } = JSON.parse(out) as {
      groups: { canLeave: string }[];
      drain: { stuck: { mask: { cpu: string } | null }[] };
    };
    expect([code, groups.map(({ canLeave }) => canLeave)]).toEqual([1, ['yes', 'no']]);
    expect(drain.stuck[0].mask?.cpu).toContain('-sha-ni');
    const table = await runCli(['plan', 'vms', epyc, forced, '--list', list, ...on.slice(0, -1), 'table']);
    expect(table.out).toContain('trap: lab-forced-milan-6.1');
  });

  it('plans a rolling upgrade', async () => {
    const list = join(place.folder, 'vms.json');
    await writeFile(
      list,
      JSON.stringify([{ name: 'web', host: 'lab-epyc-6.1', machine: 'pc-q35-7.2', cpu: 'qemu64' }]),
    );
    const { code, out } = await runCli(['plan', 'vms', epyc, forced, '--list', list, '--upgrade', '11.1.3', ...on]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ upgrade: { kind: 'order' } });
  });

  it('a damaged list is a fault', async () => {
    const list = join(place.folder, 'bad.csv');
    await writeFile(list, 'name,host\n');
    expectFault(await runCli(['plan', 'vms', epyc, '--list', list, ...on]), 'IMPORT_INVALID');
  });
});
