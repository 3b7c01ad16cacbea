import { describe, expect, it } from 'vitest';
import type { HostSnapshot } from '../snapshot/snapshot.ts';
import { shippedIndex } from '../testing/catalogs.ts';
import { hostWith, setOfFeatures } from '../testing/hosts.ts';
import { planHost, recordedHost, recordedSnapshot } from '../testing/plan-fleets.ts';
import type { PlanHost } from './fleet.ts';
import { bootGuest, type GuestCpu } from './predicates-guest.ts';
import { movable, movableBothWays, runnable, startable, trap } from './predicates.ts';
import { safe } from './predicates-safe.ts';
import type { Answer } from './predicates-obstacle.ts';

const ten = shippedIndex('10.0.13');
const seven = shippedIndex('7.2.22');
const eleven = shippedIndex('11.1.3');
const machine = 'pc-q35-7.2';
const launch = (cpu: string, more: object = {}) => ({ accel: 'kvm' as const, machine, cpu, ...more });

function boot(cpu: string, host: PlanHost, more: object = {}): GuestCpu {
  const booted = bootGuest(launch(cpu, more), host);
  if (booted.kind === 'booted') return booted.guest;
  throw new Error(`${cpu} does not boot on ${host.name}: ${booted.obstacles[0].reason}`);
}

/** A recorded host with what it shows changed. */
function changed(
  name: string,
  recorded: string,
  change: (snapshot: HostSnapshot) => HostSnapshot,
  index = ten,
): PlanHost {
  return planHost(name, index, change(structuredClone(recordedSnapshot(recorded))));
}

const withHardware = (snapshot: HostSnapshot, more: object): HostSnapshot => ({
  ...snapshot,
  hardware: { ...(snapshot.hardware as object), ...more } as HostSnapshot['hardware'],
});

const epyc = recordedHost('lab-epyc-6.1', ten);
const forced = recordedHost('lab-forced-milan-6.1', ten);
const opteron = recordedHost('lab-opteron_g3-6.1', ten);
const intel = recordedHost('xeon-gold-6148', ten);
const unseen: PlanHost = { ...epyc, id: 'dark', name: 'dark', context: { unseen: 'it was never probed' } };
const stale: PlanHost = { ...epyc, id: 'old', name: 'old', freshness: 'stale' };
const gone: PlanHost = { ...epyc, id: 'gone', name: 'gone', freshness: 'unreachable' };

describe('runnable', () => {
  it.each<[string, string, PlanHost, Answer, string | null]>([
    ['a model that asks for nothing missing runs', 'kvm64,-vme', forced, 'yes', null],
    [
      'a model with a filtered feature does not run as defined, and the bit is named',
      'EPYC-v1',
      opteron,
      'no',
      'CPUID.01H:EDX[1]',
    ],
    ['a model that this QEMU does not have does not run', 'EPYC-Turin', epyc, 'no', null],
    ['of a host that was never seen it is unknown', 'kvm64,-vme', unseen, 'unknown', null],
    ['of a stale host it is unknown, even if it ran', 'kvm64,-vme', stale, 'unknown', null],
    ['of an unreachable host it is unknown', 'kvm64,-vme', gone, 'unknown', null],
  ])('%s', (_, cpu, host, answer, bit) => {
    const verdict = runnable(launch(cpu), host);
    expect(verdict.answer).toBe(answer);
    expect(verdict.obstacles[0]?.bit ?? null).toBe(bit);
  });

  it('a model that the stand-in of a catalog does not have is unknown, not absent', () => {
    const host = { ...epyc, assumption: 'QEMU 9.1 is not harvested: the catalog of 10.0.13 stands for it' };
    expect(runnable(launch('EPYC-Turin'), host).answer).toBe('unknown');
  });

  it('a machine type that this QEMU does not have is a no that names it', () => {
    const verdict = runnable(
      { ...launch('kvm64,-vme'), machine: 'pc-q35-10.0' },
      recordedHost('lab-epyc-6.1', seven, { id: 'seven' }),
    );
    expect(verdict).toMatchObject({ answer: 'no', obstacles: [{ kind: 'machine', name: 'pc-q35-10.0' }] });
  });
});

describe('startable', () => {
  it('QEMU starts a filtered model that libvirt calls unusable, and both reasons name the feature', () => {
    const verdict = startable(launch('EPYC-v1'), opteron, { usable: 'no', blockers: ['avx2'] });
    expect(verdict.qemu.answer).toBe('yes');
    expect(verdict.lost.map(({ name }) => name)).toContain('avx2');
    expect(verdict.disagreement).toEqual(['libvirt refuses it for avx2; QEMU starts without it']);
  });

  it('QEMU aborts on an MSR that KVM refuses, although libvirt calls the model usable', () => {
    const host = changed('refusing', 'lab-epyc-6.1', (snapshot) => {
      const kernel = snapshot.kernel as { readonly kvm: object };
      return {
        ...snapshot,
        kernel: { ...kernel, kvm: { ...kernel.kvm, unwritableMsrs: ['0x0000010a'] } } as HostSnapshot['kernel'],
      };
    });
    const verdict = startable(launch('host'), host, { usable: 'yes', blockers: [] });
    expect(verdict.qemu).toMatchObject({ answer: 'no', obstacles: [{ kind: 'refusal' }] });
    expect(verdict.disagreement[0]).toMatch(/libvirt calls it usable, but QEMU does not start: .*0x10a/);
  });

  it('agreement leaves nothing to say', () => {
    expect(startable(launch('kvm64,-vme'), epyc, { usable: 'yes', blockers: [] }).disagreement).toEqual([]);
  });

  it('of an unseen host it is unknown', () => {
    expect(startable(launch('kvm64,-vme'), unseen).qemu.answer).toBe('unknown');
  });
});

describe('movable', () => {
  it.each<[string, string, PlanHost, PlanHost, Answer]>([
    ['equal hosts take each other’s VMs', 'EPYC-v1', epyc, { ...epyc, id: 'twin' }, 'yes'],
    ['a host with more takes a filtered guest', 'EPYC-v1', epyc, forced, 'yes'],
    ['a host with less does not', 'EPYC-v1', forced, epyc, 'no'],
    [
      'a defined model without missing features moves between QEMU releases',
      'Opteron_G1-v1,-vme',
      epyc,
      recordedHost('lab-epyc-6.1', seven),
      'yes',
    ],
    ['a vendor is never crossed', 'kvm64,-vme', forced, intel, 'no'],
    ['to a stale host it is unknown', 'kvm64,-vme', epyc, stale, 'unknown'],
    ['to an unseen host it is unknown', 'kvm64,-vme', epyc, unseen, 'unknown'],
  ])('%s', (_, cpu, from, to, answer) => {
    expect(movable(boot(cpu, from), to).answer).toBe(answer);
  });

  it('the line for the other side switches off what the guest does not have, and gives exactly its CPU', () => {
    const guest = boot('EPYC-v1', epyc);
    const move = movable(guest, forced);
    expect(move).toMatchObject({ answer: 'yes', isOwnLine: false, line: expect.stringContaining('-sha-ni') as string });
    const there = boot(move.line ?? '', forced);
    expect(there.cell.resolution.featureWords).toEqual(guest.cell.resolution.featureWords);
    expect(there.cell.resolution.msrFeatures).toEqual(guest.cell.resolution.msrFeatures);
  });

  it('a -cpu host guest takes its identity along', () => {
    const guest = boot('host', opteron);
    const move = movable(guest, { ...forced, id: 'there' });
    for (const { reason, kind } of move.obstacles) expect(`${kind}: ${reason}`).not.toMatch(/^identity/);
  });

  it('what is missing is named with its bit', () => {
    const { obstacles } = movable(boot('EPYC-v1', forced), epyc);
    expect(obstacles.map(({ name, bit }) => `${name} ${bit ?? ''}`)).toContain('sha-ni CPUID.07H.0:EBX[29]');
  });

  it('features of nested virtualisation are a kind of their own', () => {
    const nested0 = recordedHost('lab-milan-nested0-6.1', ten);
    const { answer, obstacles } = movable(boot('host', recordedHost('lab-epyc-milan-6.1', ten)), nested0);
    expect(answer).toBe('no');
    expect(obstacles.filter(({ kind }) => kind === 'nested').map(({ name }) => name)).toContain('svm');
  });

  it('a feature that the other QEMU has no word for stays behind', () => {
    const { obstacles } = movable(boot('host', epyc), recordedHost('lab-epyc-6.1', seven, { id: 'seven' }));
    expect(obstacles.map(({ reason }) => reason).join()).toMatch(/QEMU 7\.2\.22 there knows no CPUID\.80000007H:EBX/);
  });

  it('a machine type that is not there stops the move', () => {
    const to = recordedHost('lab-epyc-6.1', seven, { id: 'seven' });
    const booted = bootGuest({ ...launch('kvm64,-vme'), machine: 'pc-q35-10.0' }, epyc);
    if (booted.kind !== 'booted') throw new Error('kvm64 boots');
    expect(movable(booted.guest, to)).toMatchObject({ answer: 'no', obstacles: [{ kind: 'machine' }] });
  });
});

describe('movable: TSC and address sizes', () => {
  const base = setOfFeatures(ten, ['lm', 'fpu', 'pse36', 'invtsc', 'sse2']);
  const host = (name: string, tscKhz: number | undefined, scales: boolean): PlanHost => {
    const snapshot = hostWith(ten, base, { kvm: { capabilities: { KVM_CAP_TSC_CONTROL: scales ? 1 : 0 } } });
    return planHost(name, ten, tscKhz === undefined ? snapshot : withHardware(snapshot, { tscKhz }));
  };
  const here = host('here', 2_000_000, true);
  const fixed = 'qemu64,+invtsc,tsc-frequency=2000000000';

  it('invtsc without a fixed frequency is not migrated by QEMU', () => {
    expect(movable(boot('qemu64,+invtsc', here), host('there', 2_000_000, true))).toMatchObject({
      answer: 'no',
      obstacles: [{ kind: 'not-migratable', name: 'invtsc', bit: 'CPUID.80000007H:EDX[8]' }],
    });
  });

  it.each<[string, PlanHost, Answer]>([
    ['the same frequency will do', host('there', 2_000_100, false), 'yes'],
    ['another frequency will do where KVM scales', host('there', 3_000_000, true), 'yes'],
    ['another frequency without scaling will not', host('there', 3_000_000, false), 'no'],
    ['251 ppm are too much', host('there', 2_000_503, false), 'no'],
    ['a frequency that is not known leaves it open', host('there', undefined, false), 'unknown'],
  ])('a guest with a fixed frequency: %s', (_, to, answer) => {
    const { obstacles, answer: found } = movable(boot(fixed, here), to);
    expect(found).toBe(answer);
    if (answer === 'no') expect(obstacles[0].kind).toBe('tsc');
  });

  it('a guest that was told the width of the host does not go to a narrower one', () => {
    const narrow = changed('narrow', 'lab-epyc-6.1', (snapshot) => {
      const hardware = snapshot.hardware as {
        readonly cpus: readonly { readonly cpuid: readonly { readonly leaf: string; readonly eax: string }[] }[];
      };
      const cpus = hardware.cpus.map((group) => ({
        ...group,
        cpuid: group.cpuid.map((entry) => (entry.leaf === '0x80000008' ? { ...entry, eax: '0x00003024' } : entry)),
      }));
      return withHardware(snapshot, { cpus });
    });
    expect(movable(boot('kvm64,-vme,host-phys-bits=on', epyc), narrow)).toMatchObject({
      answer: 'no',
      obstacles: [{ kind: 'address-bits', name: 'phys-bits' }],
    });
    expect(movable(boot('kvm64,-vme', epyc), narrow).answer).toBe('yes');
  });
});

describe('movable: nested VMX', () => {
  const set = setOfFeatures(ten, ['lm', 'fpu', 'sse2', 'vmx', 'vmx-ept']);
  const caps = { KVM_CAP_NESTED_STATE: 16384, KVM_CAP_EXCEPTION_PAYLOAD: 1 };
  const host = (name: string, capabilities: Record<string, number>): PlanHost =>
    planHost(name, ten, hostWith(ten, set, { vendor: 'GenuineIntel', kvm: { capabilities } }));

  it('moves where both kernels hand the nested state over', () => {
    expect(movable(boot('kvm64,+vmx', host('here', caps)), host('there', caps)).answer).toBe('yes');
  });

  it('does not move where one kernel cannot', () => {
    const { answer, obstacles } = movable(
      boot('kvm64,+vmx', host('here', caps)),
      host('there', { ...caps, KVM_CAP_NESTED_STATE: 0 }),
    );
    expect(answer).toBe('no');
    expect(obstacles[0]).toMatchObject({ kind: 'nested', name: 'vmx' });
    expect(obstacles[0].reason).toContain('KVM_CAP_NESTED_STATE');
  });
});

describe('trap', () => {
  it('a filtered model that boots again on a host with more cannot go back', () => {
    const verdict = trap(boot('EPYC-v1', epyc), forced);
    expect(verdict.answer).toBe('yes');
    expect(verdict.obstacles.map(({ name }) => name)).toContain('sha-ni');
  });

  it('a model that runs as defined on both is none', () => {
    expect(trap(boot('kvm64,-vme', epyc), forced).answer).toBe('no');
  });

  it('a move that cannot be made is none', () => {
    expect(trap(boot('EPYC-v1', forced), epyc).answer).toBe('no');
  });

  it('a host of which nothing is known leaves it open', () => {
    expect(trap(boot('EPYC-v1', epyc), unseen).answer).toBe('unknown');
  });

  it('is the difference between both ways', () => {
    const ways = movableBothWays(launch('EPYC-v1'), epyc, forced);
    expect([ways.there.answer, ways.back.answer]).toEqual(['yes', 'no']);
  });
});

describe('safe', () => {
  const hosts = [epyc, forced, recordedHost('lab-max-6.1', ten)];

  it('a model that runs on all is safe, with n of N', () => {
    expect(safe(launch('kvm64,-vme'), hosts)).toMatchObject({
      answer: 'yes',
      yes: 3,
      no: 0,
      unknown: 0,
      total: 3,
      deciding: null,
    });
  });

  it('a model that one host cannot give is not, and the host and the bit are named', () => {
    const verdict = safe(launch('EPYC-v1'), [forced, opteron]);
    expect(verdict.answer).toBe('no');
    expect(verdict.deciding?.obstacle.bit).toMatch(/^CPUID/);
    expect(safe(launch('Opteron_G2-v1,-vme'), [epyc, opteron]).answer).toBe('yes');
  });

  it.each([
    ['stale', stale],
    ['unreachable', gone],
    ['unseen', unseen],
  ])('with a host that is %s it is unknown, never yes', (_, silent) => {
    expect(safe(launch('kvm64,-vme'), [...hosts, silent])).toMatchObject({
      answer: 'unknown',
      yes: 3,
      unknown: 1,
      total: 4,
    });
  });

  it('a known no outweighs what is not known', () => {
    const verdict = safe(launch('EPYC-v1'), [unseen, opteron]);
    expect(verdict).toMatchObject({ answer: 'no', deciding: { host: { id: 'lab-opteron_g3-6.1' } } });
  });

  it('-cpu host is safe only where it is the same everywhere', () => {
    const verdict = safe(launch('host'), [epyc, forced]);
    expect(verdict.answer).toBe('no');
    expect(verdict.deciding?.obstacle.reason).toMatch(/the guest (has|lacks)/);
    expect(safe(launch('host'), [epyc, { ...epyc, id: 'twin' }]).answer).toBe('yes');
  });

  it('an alias of a machine type that stands for several is not safe', () => {
    const verdict = safe({ ...launch('kvm64,-vme'), machine: 'q35' }, [
      epyc,
      recordedHost('lab-epyc-6.1', eleven, { id: 'eleven' }),
    ]);
    expect(verdict.deciding?.obstacle).toMatchObject({ kind: 'machine' });
  });

  it('of no hosts nothing is known', () => {
    expect(safe(launch('kvm64,-vme'), []).answer).toBe('unknown');
  });
});
