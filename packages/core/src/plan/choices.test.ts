import { describe, expect, it } from 'vitest';
import type { HostSnapshot } from '../snapshot/snapshot.ts';
import { shippedIndex } from '../testing/catalogs.ts';
import { planHost, recordedHost, recordedSnapshot } from '../testing/plan-fleets.ts';
import { rankChoices, type ChoiceRequest, type RankedChoice } from './choices.ts';
import { resolve } from '../resolve/resolve.ts';
import type { PlanHost } from './fleet.ts';

const ten = shippedIndex('10.0.13');
const seven = shippedIndex('7.2.22');
/** Counts what decides nothing here but the order. */
const abiLevelOf = (features: ReadonlySet<string>): number => (features.has('avx2') ? 3 : features.has('cx16') ? 2 : 1);
const request: ChoiceRequest = { accel: 'kvm', machine: 'pc-q35-7.2', abiLevelOf };
const hosts = ['lab-epyc-6.1', 'lab-forced-milan-6.1', 'lab-max-6.1'].map((name) => recordedHost(name, ten));
const opteron = recordedHost('lab-opteron_g3-6.1', seven);

function choiceOf(model: string, fleet: readonly PlanHost[], more: Partial<ChoiceRequest> = {}): RankedChoice {
  const [choice] = rankChoices(fleet, { ...request, ...more, models: [model] });
  return choice;
}

describe('ranked choices', () => {
  it('every line starts under enforce on every host that the proof counts', () => {
    const models = ['EPYC-v1', 'EPYC-Milan-v1', 'Haswell-v4', 'core2duo-v1', 'Opteron_G5-v1', 'qemu64-v1'];
    for (const { line, proof, model } of rankChoices([...hosts, opteron], { ...request, models })) {
      expect([model, proof.answer, proof.yes]).toEqual([model, 'yes', 4]);
      for (const { context } of [...hosts, opteron]) {
        if ('unseen' in context) throw new Error('all are seen');
        const { enforce, status } = resolve(context, { ...request, cpu: `${line.cpu},enforce=on` });
        expect([model, status, enforce]).toEqual([model, 'runnable', 'starts']);
      }
    }
  });

  it('says what a model loses on which hosts, and takes it out of the line', () => {
    const choice = choiceOf('EPYC-v1', [...hosts, opteron]);
    expect(choice.plain).toMatchObject({ answer: 'no', total: 4 });
    const avx2 = choice.losses.find(({ feature }) => feature === 'avx2');
    expect(avx2).toMatchObject({ hostCount: 1, firstHosts: [{ id: 'lab-opteron_g3-6.1' }] });
    expect(choice.line.removed).toContain('avx2');
    expect(choice.features).not.toContain('avx2');
  });

  it('switches off what KVM drops in silence and no host can give', () => {
    expect(choiceOf('core2duo-v1', hosts).line).toMatchObject({
      pinned: ['acpi', 'monitor'],
      cpu: expect.stringMatching(/,-acpi,-monitor$/) as string,
    });
    expect(choiceOf('qemu64-v1', hosts).line.pinned).not.toContain('monitor');
  });

  it('adds a wished-for feature where every host has it, and only there', () => {
    const wished = ['pdpe1gb', 'avx2', 'sha-ni'];
    expect(choiceOf('Opteron_G3-v1', hosts, { wished }).line.added).toEqual(['pdpe1gb', 'avx2']);
    expect(choiceOf('Opteron_G3-v1', [...hosts, opteron], { wished }).line.added).toEqual([]);
  });

  it('a stale host leaves every line unproven, however good', () => {
    const stale: PlanHost = { ...hosts[0], id: 'stale', freshness: 'stale' };
    const choice = choiceOf('EPYC-v1', [...hosts, stale]);
    expect(choice.proof).toMatchObject({ answer: 'unknown', yes: 3, unknown: 1 });
    expect(choice.plain.answer).not.toBe('yes');
  });

  it('best first: more hosts, then defined models, the hosts’ vendor, the ABI level', () => {
    const ranked = rankChoices([...hosts, opteron], request);
    const proven = ranked.map(({ proof }) => proof.yes);
    expect(proven).toEqual([...proven].sort((a, b) => b - a));
    const full = ranked.filter(({ proof }) => proof.yes === 4);
    const vendors = full.map(({ isOfVendor }) => Number(isOfVendor));
    expect(vendors).toEqual([...vendors].sort((a, b) => b - a));
    expect(ranked[0]).toMatchObject({ isDefined: true, isOfVendor: true });
    expect(ranked.find(({ model }) => model === 'host')?.proof.answer).toBe('no');
  });

  it('ranks a custom model like any other, and takes out of it what some host lacks', () => {
    const [choice] = rankChoices([...hosts, opteron], {
      ...request,
      models: [],
      lines: ['EPYC-v1,avx2=on,sse4a=off,level=13'],
    });
    expect(choice).toMatchObject({ isDefined: true, isOfVendor: true, proof: { answer: 'yes', yes: 4 } });
    expect(choice.line.cpu).toMatch(/^EPYC-v1,avx2=on,sse4a=off,level=13,/);
    expect(choice.line.removed).toContain('avx2');
    expect(choice.features).not.toContain('sse4a');
    for (const { context } of [...hosts, opteron]) {
      if ('unseen' in context) throw new Error('all are seen');
      const { enforce } = resolve(context, { ...request, cpu: `${choice.line.cpu},enforce=on` });
      expect(enforce).toBe('starts');
    }
  });

  it('the order of the hosts changes nothing', () => {
    const models = ['EPYC-v1', 'Haswell-v4', 'Opteron_G3-v1', 'max'];
    const shape = (fleet: readonly PlanHost[]): unknown =>
      rankChoices(fleet, { ...request, models }).map(({ model, line, plain }) => [model, line.cpu, plain]);
    expect(shape([opteron, ...hosts].reverse())).toEqual(shape([opteron, ...hosts]));
  });

  it('an MSR that one KVM refuses takes its feature out of the line', () => {
    const snapshot = structuredClone(recordedSnapshot('lab-forced-milan-6.1'));
    const kernel = snapshot.kernel as { readonly kvm: object };
    const kvm = { ...kernel.kvm, unwritableMsrs: ['0x0000010a'] };
    const refusing = planHost('refusing', ten, { ...snapshot, kernel: { ...kernel, kvm } as HostSnapshot['kernel'] });
    const plain = choiceOf('Cascadelake-Server-v2', [hosts[1]]);
    const cut = choiceOf('Cascadelake-Server-v2', [hosts[1], refusing]);
    expect(plain.line.removed).not.toContain('arch-capabilities');
    expect(cut.line.removed).toContain('arch-capabilities');
    expect(cut.proof.yes).toBe(2);
    expect(cut.refusals[0].reason).toContain('0x10a');
  });
});
