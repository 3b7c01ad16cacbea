import { setTimeout as delay } from 'node:timers/promises';
import { AtlasError } from '@cpu-atlas/core';
import type { Command, CommandOutcome } from '@cpu-atlas/contract';
import { describe, expect, it } from 'vitest';
import { createCommandRunner, type CommandRunnerOptions } from './command-runner.ts';

const hash = `sha256:${'a'.repeat(64)}`;
const command = (id: string, timeoutMs = 5_000): Command => ({ id, timeoutMs, work: { kind: 'probe' } });

function createRun(change: Partial<CommandRunnerOptions> = {}) {
  const answers: (readonly [string, CommandOutcome])[] = [];
  const faults: unknown[] = [];
  const runner = createCommandRunner({
    probe: async () => hash,
    verify: async () => {
      throw new AtlasError('VERIFY_UNAVAILABLE', 'no QEMU here');
    },
    answer: async (id, outcome) => void answers.push([id, outcome]),
    onAnswered: () => undefined,
    onFault: (error) => void faults.push(error),
    ...change,
  });
  return { runner, answers, faults };
}

describe('commands of the hub', () => {
  it('each is done once, however often it is handed out', async () => {
    const { runner, answers } = createRun();
    await Promise.all([runner.run([command('1')]), runner.run([command('1'), command('2')])]);
    await runner.run([command('2')]);
    expect(answers).toEqual([
      ['1', { kind: 'probe', snapshot: hash }],
      ['2', { kind: 'probe', snapshot: hash }],
    ]);
  });

  it('one at a time', async () => {
    let atOnce = 0;
    let most = 0;
    const { runner } = createRun({
      probe: async () => {
        most = Math.max(most, (atOnce += 1));
        await delay(10);
        atOnce -= 1;
        return hash;
      },
    });
    await runner.run([command('1'), command('2'), command('3')]);
    expect(most).toBe(1);
  });

  it('one whose time was over before its turn came is left', async () => {
    const { runner, answers } = createRun({ probe: async () => delay(60, hash) });
    await runner.run([command('slow'), command('late', 20)]);
    expect(answers.map(([id]) => id)).toEqual(['slow']);
  });

  it.each<[string, unknown, object]>([
    [
      'a fault keeps its code',
      new AtlasError('PROBE_BUSY', 'a probe runs'),
      { code: 'PROBE_BUSY', detail: 'a probe runs' },
    ],
    [
      'of a defect nothing leaves the host',
      new TypeError('secret'),
      { code: 'INTERNAL', detail: 'a defect in CPU Atlas on that host' },
    ],
  ])('%s', async (_, error, problem) => {
    const { runner, answers, faults } = createRun({
      probe: async () => {
        throw error;
      },
    });
    await runner.run([command('1')]);
    expect(answers).toMatchObject([['1', { kind: 'fault', problem }]]);
    expect(JSON.stringify(answers)).not.toContain('secret');
    expect(faults).toEqual([error]);
  });

  it('a result that does not reach the hub does not keep others from being done', async () => {
    let calls = 0;
    const { runner, faults } = createRun({
      answer: async () => {
        calls += 1;
        throw new AtlasError('HUB_UNREACHABLE', 'gone');
      },
    });
    await runner.run([command('1'), command('2')]);
    expect([calls, faults.length]).toEqual([2, 2]);
  });
});
