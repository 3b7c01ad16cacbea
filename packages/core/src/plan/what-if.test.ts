import { describe, expect, it } from 'vitest';
import { shippedIndex } from '../testing/catalogs.ts';
import { planHost, recordedHost, recordedSnapshot } from '../testing/plan-fleets.ts';
import type { PlanHost } from './fleet.ts';
import { runnable } from './predicates.ts';
import { createBoard } from './what-if-board.ts';
import { whatIf, type FleetState } from './what-if.ts';

const ten = shippedIndex('10.0.13');
const seven = shippedIndex('7.2.22');
const request = { accel: 'kvm' as const, machine: 'pc-q35-7.2' };
const [epyc, forced, max, opteron] = ['lab-epyc-6.1', 'lab-forced-milan-6.1', 'lab-max-6.1', 'lab-opteron_g3-6.1'].map(
  (name) => recordedHost(name, ten),
);
const state = (...hosts: PlanHost[]): FleetState => ({ hosts, request });

describe('what if', () => {
  it('an older host is added: models and features are lost, with the host and the bit', () => {
    const { models, gained, lost } = whatIf(state(forced), [{ kind: 'add', host: opteron }]);
    expect(gained).toEqual([]);
    expect(lost).toContainEqual({ feature: 'avx2', bit: 'CPUID.07H.0:EBX[5]' });
    const effects = models.filter(({ effect }) => effect === 'lost');
    expect(effects.length).toBeGreaterThan(0);
    for (const { deciding, after } of effects) {
      expect(deciding?.host.id).toBe('lab-opteron_g3-6.1');
      expect(deciding?.obstacle.bit).toMatch(/^(CPUID|MSR)/);
      expect(after.no).toBe(1);
    }
  });

  it('it is removed again: what was lost is gained', () => {
    const { models, lost } = whatIf(state(forced, opteron), [{ kind: 'remove', hostId: opteron.id }]);
    expect(lost).toEqual([]);
    const gained = models.filter(({ effect }) => effect === 'gained');
    expect(gained.length).toBeGreaterThan(0);
    for (const { after, deciding } of gained) expect([after.answer, deciding?.host.id]).toEqual(['yes', opteron.id]);
  });

  it('QEMU is upgraded: models come that the old one does not have', () => {
    const [before, after] = [seven, ten].map((index) => recordedHost('amd-epyc-9654-96-core-qemu-9.2', index));
    const { models, gained, lost } = whatIf(state(before), [{ kind: 'replace', host: after }]);
    expect(models.find(({ after: { model } }) => model === 'EPYC-Genoa-v1')).toMatchObject({
      effect: 'gained',
      before: { no: 1 },
      deciding: { obstacle: { kind: 'model' } },
    });
    expect(gained.length).toBeGreaterThan(0);
    expect(lost).toEqual([]);
  });

  it('a microcode update takes a feature away: the models that ask for it are lost, with the bit', () => {
    const name = 'amd-epyc-9654-96-core-qemu-9.2';
    const snapshot = recordedSnapshot(name);
    const [binary] = snapshot.qemu ?? [];
    const kvm = { host: { ...binary.observed?.kvm?.host, 'sha-ni': false } };
    const after = planHost(name, ten, { ...snapshot, qemu: [{ ...binary, observed: { kvm } }] });
    const { models, lost } = whatIf(state(recordedHost(name, ten)), [{ kind: 'replace', host: after }]);
    expect(lost).toEqual([{ feature: 'sha-ni', bit: 'CPUID.07H.0:EBX[29]' }]);
    expect(models.find(({ after: { model } }) => model === 'EPYC-v1')).toMatchObject({
      effect: 'lost',
      deciding: { host: { id: name }, obstacle: { name: 'sha-ni', bit: 'CPUID.07H.0:EBX[29]' } },
    });
  });

  it('another irqchip or machine type: what QEMU refuses is lost', () => {
    const { models } = whatIf(state(forced), [{ kind: 'configure', request: { kernelIrqchip: 'off' } }]);
    expect(models.length).toBeGreaterThan(0);
    expect(models.every(({ effect }) => effect === 'lost' || effect === 'narrower')).toBe(true);
    expect(models[0].deciding?.obstacle.kind).toBe('refusal');
  });

  it('a machine type that nothing has loses every model, and says so', () => {
    const { models } = whatIf(state(forced), [{ kind: 'configure', request: { machine: 'pc-q35-99.0' } }]);
    expect(models.find(({ before: { model } }) => model === 'qemu64-v1')).toMatchObject({
      effect: 'lost',
      deciding: { obstacle: { kind: 'machine', name: 'pc-q35-99.0' } },
    });
  });

  it('a stale host makes models undecided, never gained', () => {
    const { models } = whatIf(state(epyc), [{ kind: 'add', host: { ...max, freshness: 'stale' } }]);
    expect(models.some(({ effect }) => effect === 'gained' || effect === 'wider')).toBe(false);
    expect(models.some(({ effect }) => effect === 'undecided')).toBe(true);
  });

  it('nothing changes: nothing is told', () => {
    expect(whatIf(state(epyc, max), [])).toEqual({ models: [], gained: [], lost: [], vms: [] });
  });

  it('VMs are stuck when the only host that takes them goes, and free when it comes', () => {
    const vm = { name: 'vm', host: forced.id, machine: 'pc-q35-7.2', cpu: 'EPYC-v1' };
    const twin: PlanHost = { ...forced, id: 'twin', name: 'twin' };
    const there = whatIf(state(epyc, forced), [{ kind: 'add', host: twin }], [vm]);
    expect(there.vms).toMatchObject([{ effect: 'freed', targetsBefore: 0, targetsAfter: 1 }]);
    const back = whatIf(state(epyc, forced, twin), [{ kind: 'remove', hostId: 'twin' }], [vm]);
    expect(back.vms).toMatchObject([{ effect: 'stuck', targetsBefore: 1, targetsAfter: 0 }]);
    expect(back.vms[0].obstacles.map(({ bit }) => bit)).toContain('CPUID.07H.0:EBX[29]');
  });

  it('an unknown host cannot be removed', () => {
    expect(() => whatIf(state(epyc), [{ kind: 'remove', hostId: 'nobody' }])).toThrowError(
      expect.objectContaining({ code: 'HOST_NOT_FOUND', where: 'nobody' }) as Error,
    );
  });
});

describe('the board of a fleet', () => {
  const twins = [0, 1, 2].map((at): PlanHost => ({ ...epyc, id: `epyc-${at}`, name: `epyc-${at}` }));

  it('after any toggling it says what a new board of the same hosts says', () => {
    const hosts = [...twins, forced, opteron];
    const board = createBoard(hosts, request);
    for (const id of ['epyc-1', opteron.id, 'epyc-1', forced.id])
      board.include(id, id === 'epyc-1' && board.tally()[0].total < 4);
    const left = [...twins, forced, opteron].filter(({ id }) => id !== opteron.id && id !== forced.id);
    const fresh = createBoard(left, request);
    expect(board.tally().filter(({ model }) => fresh.models.includes(model))).toEqual(fresh.tally());
    expect(board.promised().filter((name) => !fresh.promised().includes(name))).toEqual([]);
  });

  it('counts as runnable does', () => {
    const hosts = [...twins, forced, opteron];
    for (const { model, yes, no, unknown } of createBoard(hosts, request).tally()) {
      const answers = hosts.map((host) => runnable({ ...request, cpu: model }, host).answer);
      const count = (answer: string): number => answers.filter((one) => one === answer).length;
      expect([model, yes, no, unknown]).toEqual([model, count('yes'), count('no'), count('unknown')]);
    }
  });
});
