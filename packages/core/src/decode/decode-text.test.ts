import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLimits, decodeText } from './decode-text.ts';
import type { DecodedMessage } from './decoding.ts';

function decodeOne(text: string): DecodedMessage {
  const { messages } = decodeText(text);
  expect(messages).toHaveLength(1);
  const [message] = messages;
  if (message === undefined) throw new Error('no message');
  return message;
}

const summary = ({ features }: DecodedMessage) => features.map(({ name, role }) => `${role} ${name}`);

describe('what QEMU prints', () => {
  it.each([
    [
      "qemu-system-x86_64: warning: host doesn't support requested feature: CPUID.07H:EBX.hle [bit 4]",
      ['missing hle'],
      'CPUID.07H.0:EBX[4]',
    ],
    [
      "warning: host doesn't support requested feature: CPUID[eax=07h,ecx=00h].EBX.rtm [bit 11]",
      ['missing rtm'],
      'CPUID.07H.0:EBX[11]',
    ],
    [
      "warning: host doesn't support requested feature: CPUID[eax=0Dh,ecx=01h].EAX.xsaves [bit 3]",
      ['missing xsaves'],
      'CPUID.0DH.1:EAX[3]',
    ],
    [
      "warning: host doesn't support requested feature: MSR(48BH).vmx-apicv-xapic [bit 0]",
      ['missing vmx-apicv-xapic'],
      'MSR 48BH[0]',
    ],
    [
      "warning: TCG doesn't support requested feature: CPUID.01H:ECX.pcid [bit 17]",
      ['missing pcid'],
      'CPUID.01H:ECX[17]',
    ],
    [
      'warning: This feature depends on other features that were not requested: CPUID.8000000AH:EDX.npt [bit 0]',
      ['missing npt'],
      'CPUID.8000000AH:EDX[0]',
    ],
    [
      "warning: host cpuid 0000_0001 lacks requested flag 'sse4.2|sse4_2' [0x00100000]",
      ['missing sse4.2'],
      'CPUID.01H:ECX[20]',
    ],
  ])('%s', (text, features, bit) => {
    const message = decodeOne(text);
    expect(message.source).toBe('qemu');
    expect(summary(message)).toEqual(features);
    expect(message.features[0]?.bit).toBe(bit);
    expect(message.remedies.length).toBeGreaterThan(0);
  });

  it.each<[string, readonly string[]]>([
    ["lacks requested flag 'sse4.2|sse4_2' [0x00100000]", ['missing sse4.2']],
    ['lacks requested flag', []],
  ])('a part of an old line, %s', (text, features) => {
    const message = decodeOne(text);
    expect(message).toMatchObject({ source: 'qemu', layer: 'hardware-or-kernel' });
    expect(summary(message)).toEqual(features);
  });

  it('a nameless bit is told by its place', () => {
    const [feature] = decodeOne("warning: host doesn't support requested feature: CPUID.0DH:EAX [bit 9]").features;
    expect(feature).toMatchObject({ name: expect.stringMatching(/pkru|bit 9/), role: 'missing' });
  });

  it.each([
    ["Host doesn't support requested features", 'hardware-or-kernel'],
    ["TCG doesn't support requested features", 'qemu'],
    ['error: failed to set MSR 0x48f to 0x7fffff00036dfb', 'kernel'],
    ['qemu-system-x86_64: KVM does not support userspace APIC', 'config'],
    ["qemu-system-x86_64: unable to find CPU model 'EPYC-Turin'", 'qemu'],
    [
      "qemu-system-x86_64: can't apply global Nehalem-x86_64-cpu.foo=on: Property 'Nehalem-x86_64-cpu.foo' not found",
      'qemu',
    ],
  ] as const)('%s: %s has to act', (text, layer) => {
    expect(decodeOne(text)).toMatchObject({ source: 'qemu', layer });
  });

  it('a refused MSR tells what the value asks for, and that it is about nested virtualisation', () => {
    const message = decodeOne('error: failed to set MSR 0x48f to 0x7fffff00036dfb');
    expect(message.meaning).toContain('exit controls');
    expect(message.features.map(({ name }) => name)).toContain('vmx-exit-load-efer');
    expect(message.remedies.join(' ')).toContain('nested');
  });

  it('microcode that took TSX away is the first thing said of hle', () => {
    const message = decodeOne("warning: host doesn't support requested feature: CPUID.07H:EBX.hle [bit 4]");
    expect(message.remedies[0]).toMatch(/TSX/);
  });
});

describe('what libvirt prints', () => {
  it.each([
    ["error: operation failed: guest CPU doesn't match specification: extra features: ht", ['extra ht']],
    [
      "guest CPU doesn't match specification: extra features: vmx-eptad, ht, missing features: hle,rtm",
      ['extra vmx-eptad', 'extra ht', 'missing hle', 'missing rtm'],
    ],
    [
      'error: unsupported configuration: guest and host CPU are not compatible: Host CPU does not provide required features: pdcm, waitpkg',
      ['missing pdcm', 'missing waitpkg'],
    ],
    ['the CPU is incompatible with host CPU: Host CPU does not provide required features: sse4_1', ['missing sse4.1']],
    ['unsupported configuration: CPU vendors do not match', []],
    ['internal error: Unknown CPU feature vpclmutqdq', ['required vpclmutqdq']],
    ['unsupported configuration: guest and host CPU are not compatible', []],
  ])('%s', (text, features) => {
    const message = decodeOne(text);
    expect(message.source).toBe('libvirt');
    expect(summary(message)).toEqual(features);
  });

  it('a name of libvirt’s is told with QEMU’s', () => {
    const [feature] = decodeOne('Host CPU does not provide required features: sse4_1').features;
    expect(feature).toMatchObject({ name: 'sse4.1', writtenAs: 'sse4_1' });
  });

  it('a name that nobody knows is kept, and said to be unknown', () => {
    const [feature] = decodeOne('internal error: Unknown CPU feature vpclmutqdq').features;
    expect(feature).toMatchObject({ name: 'vpclmutqdq', bit: null });
  });
});

describe('what stacks print', () => {
  it('Nova’s number, lines below, is told in words', () => {
    const message = decodeOne("Unacceptable CPU info: CPU doesn't have compatibility.\n\n0\n");
    expect(message).toMatchObject({ source: 'nova', line: 1 });
    expect(message.meaning).toContain('INCOMPATIBLE');
  });

  it('KubeVirt’s labels name features', () => {
    const message = decodeOne(
      'Warning NoSuitableNodesForHostModelMigration: no node with cpu-feature.node.kubevirt.io/waitpkg=true',
    );
    expect(summary(message)).toEqual(['required waitpkg']);
  });

  it.each([
    "VM_INCOMPATIBLE_WITH_THIS_HOST(OpaqueRef:dd8ccb61-2e86-4853-880f-49f078b0e10d, VM last booted on a CPU with features this host's CPU does not have.)",
    'CANNOT_EVACUATE_HOST(VM_INCOMPATIBLE_WITH_THIS_HOST, OpaqueRef:1de8f41d-c39c-b097-026d-c8b687dee6a1)',
  ])('%s is of XAPI and names no feature', (text) => {
    expect(decodeOne(text)).toMatchObject({ source: 'xapi', features: [] });
  });

  it('two feature sets of Xen are compared bit by bit', () => {
    const vm = '17cbfbff-f7fa3223-2d93fbff-00000123-00000001-000037ab-00000000-00000000';
    const host = '17cbfbff-f7fa3223-2d93fbff-00000123-00000001-0000272b-00000000-00000000';
    const message = decodeOne(`CPU_HAS_FEATURES vm ${vm} host ${host}`);
    // 37ab & ~272b = 1080: bits 7 and 12 of leaf 7 EBX.
    expect(message.features.map(({ name }) => name)).toEqual(['smep', expect.any(String)]);
    expect(message.features).toHaveLength(2);
  });
});

describe('what guests print', () => {
  it.each([
    ['Fatal glibc error: CPU does not support x86-64-v2', 'required sse4.2'],
    ['Fatal glibc error: CPU does not support x86-64-v3', 'required avx2'],
    [
      'WARNING: MongoDB 5.0+ requires a CPU with AVX support, and your current system does not appear to have that!',
      'required avx',
    ],
  ])('%s asks for %s', (text, feature) => {
    const message = decodeOne(text);
    expect(message).toMatchObject({ source: 'guest', layer: 'guest-cpu' });
    expect(summary(message)).toContain(feature);
  });

  it('v2 does not ask for what only v3 has', () => {
    expect(summary(decodeOne('Fatal glibc error: CPU does not support x86-64-v2'))).not.toContain('required avx2');
  });
});

describe('a whole log', () => {
  const log = [
    'Starting VM web-1',
    "qemu-system-x86_64: warning: host doesn't support requested feature: CPUID.07H:EBX.hle [bit 4]",
    "qemu-system-x86_64: warning: host doesn't support requested feature: CPUID.07H:EBX.rtm [bit 11]",
    '',
    "qemu-system-x86_64: Host doesn't support requested features",
  ].join('\r\n');

  it('gives each message with its line, and the features once', () => {
    const { messages, features, otherLines } = decodeText(log);
    expect(messages.map(({ line }) => line)).toEqual([2, 3, 5]);
    expect(features.map(({ name }) => name)).toEqual(['hle', 'rtm']);
    expect(otherLines).toBe(1);
  });

  it('text of which nothing is known gives no message', () => {
    expect(decodeText('hello\nworld')).toEqual({ messages: [], features: [], otherLines: 2 });
  });

  it('more than the limit is refused, with the remedy', () => {
    const call = () => decodeText('x'.repeat(decodeLimits.characters + 1));
    expect(call).toThrowError(expect.objectContaining({ code: 'REQUEST_TOO_LARGE' }));
  });

  it('any text is read in time and without a fault', () => {
    const pieces = fc.constantFrom(
      ...[
        'CPUID.',
        'MSR(',
        "host doesn't support requested feature: ",
        '[bit 99]',
        'failed to set MSR 0x',
        'ffffffff-',
      ],
      ...['extra features: ', 'missing features: ', ',,,', "doesn't have compatibility.", '\n', '0', 'a'.repeat(300)],
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 40 })), { maxLength: 60 }), (parts) => {
        const { messages } = decodeText(parts.join(''));
        for (const { features } of messages) expect(features.every(({ name }) => name.length > 0)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('a hostile line takes no longer than its length allows', () => {
    const started = performance.now();
    decodeText(`guest CPU doesn't match specification: extra features: ${'a, '.repeat(200_000)}`);
    decodeText("doesn't have compatibility".repeat(30_000));
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
