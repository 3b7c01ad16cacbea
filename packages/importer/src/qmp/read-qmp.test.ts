import { describe, expect, it } from 'vitest';
import { caught } from '../testing/caught.ts';
import { options, readCorpus, readDemoHost } from '../testing/seed-corpus.ts';
import { readQmp } from './read-qmp.ts';

const textOf = (file: string): string => Buffer.from(readCorpus(file)).toString();
const session = textOf('qmp-session-qemu-4.2-xeon-e3-1245-v5.replies');
const repliesOnly = textOf('qmp-replies-only-xeon-platinum-9242.txt');

/** A reply to query-cpu-model-expansion. */
const expansion = (properties: object, name = 'base'): string =>
  JSON.stringify({ return: { model: { name, props: properties } } });
const definitions = (host: readonly string[]): string =>
  JSON.stringify({
    return: [{ name: 'host', typename: 'host-x86_64-cpu', static: false, 'unavailable-features': host }],
  });

describe('a whole QMP session', () => {
  it('gives what is recorded of that host: KVM and TCG, with migratable=off, of one binary', () => {
    const [snapshot] = readQmp(session, options).snapshots;
    const recorded = readDemoHost('intel-xeon-e3-1245-v5-qemu-4.2.json');
    expect(snapshot?.qemu).toEqual(recorded.qemu);
  });

  it('is the same without the commands, but for what then cannot be told', () => {
    const replies = session
      .split('\n\n')
      .filter((document) => !document.includes('"execute"'))
      .join('\n\n');
    const reading = readQmp(replies, options);
    const recorded = readDemoHost('intel-xeon-e3-1245-v5-qemu-4.2.json').qemu?.[0]?.observed;
    const observed = reading.snapshots[0]?.qemu?.[0]?.observed;
    expect(observed?.kvm?.unavailable).toEqual(recorded?.kvm?.unavailable);
    expect(observed?.tcg?.unavailable).toEqual(recorded?.tcg?.unavailable);
    const features = Object.entries(recorded?.kvm?.host ?? {}).filter(([, value]) => typeof value === 'boolean');
    for (const [name, value] of features) expect(observed?.kvm?.host?.[name] ?? false, name).toBe(value);
    expect(reading.notes.join(' ')).toContain('the commands are not in the text');
  });

  it('of another accelerator is passed over, and said so', () => {
    const hvf = session.replace('"enabled": true', '"enabled": false');
    const reading = readQmp(hvf, options);
    expect(Object.keys(reading.snapshots[0]?.qemu?.[0]?.observed ?? {})).toEqual(['tcg']);
    expect(reading.notes.join(' ')).toContain('neither KVM nor TCG');
  });

  it('of a QEMU for another architecture tells nothing', () => {
    const arm = session
      .replaceAll('"arch": "x86_64"', '"arch": "aarch64"')
      .split('"qmp_capabilities"')
      .slice(0, 2)
      .join('"qmp_capabilities"');
    expect(caught(() => readQmp(arm.slice(0, arm.lastIndexOf('}\n') + 1), options))).toMatchObject({
      code: 'IMPORT_INVALID',
    });
  });
});

describe('single QMP replies', () => {
  it('are told apart by their shape', () => {
    const reading = readQmp(repliesOnly, options);
    const binary = reading.snapshots[0]?.qemu?.[0];
    expect(binary?.version).toBe('unknown');
    expect(binary?.observed?.kvm?.host).toMatchObject({
      vendor: 'GenuineIntel',
      avx512f: true,
      'avx512-vpopcntdq': false,
    });
    expect(binary?.observed?.kvm?.unavailable?.['EPYC']).toContain('sse4a');
  });

  it('leave unknown what migratable=on hides', () => {
    const reading = readQmp(expansion({ 'kvm-pv-eoi': true, avx2: false, invtsc: false }), options);
    const host = reading.snapshots[0]?.qemu?.[0]?.observed?.kvm?.host;
    expect(host).toEqual({ 'kvm-pv-eoi': true, avx2: false });
    expect(reading.notes.join(' ')).toContain('invtsc is unknown');
  });

  it('with migratable=off tell all', () => {
    const reading = readQmp(expansion({ 'kvm-pv-eoi': true, invtsc: false, migratable: false }, 'host'), options);
    expect(reading.snapshots[0]?.qemu?.[0]?.observed?.kvm?.host).toMatchObject({ invtsc: false });
  });

  it('keep names out that are no properties', () => {
    const reading = readQmp(textOf('hostile/prototype-json.txt'), options);
    expect(Object.keys(reading.snapshots[0]?.qemu?.[0]?.observed?.kvm?.host ?? {})).toEqual([
      'constructor',
      'kvm-pv-eoi',
      'avx2',
    ]);
  });

  it('of a model that lacks only bits without a name tell nothing', () => {
    const list = [
      { name: 'a', static: false, 'unavailable-features': ['', 'hle'] },
      { name: 'b', static: false, 'unavailable-features': [''] },
      { name: 'c', static: false, 'unavailable-features': [] },
    ];
    const [snapshot] = readQmp(JSON.stringify({ return: list }), { ...options, accelerator: 'kvm' }).snapshots;
    expect(snapshot?.qemu?.[0]?.observed?.kvm?.unavailable).toEqual({ a: ['hle'], c: [] });
  });

  const accelerators: readonly {
    readonly what: string;
    readonly text: string;
    readonly named?: 'kvm' | 'tcg';
    readonly is: 'kvm' | 'tcg';
  }[] = [
    { what: 'paravirtual features', text: expansion({ kvmclock: true }), is: 'kvm' },
    { what: 'the model-id', text: expansion({ 'model-id': 'QEMU TCG CPU version 2.5+' }), is: 'tcg' },
    { what: 'definitions in which host lacks "kvm"', text: definitions(['kvm']), is: 'tcg' },
    { what: 'definitions in which host lacks nothing', text: definitions([]), is: 'kvm' },
    {
      what: 'query-kvm',
      text: `${expansion({ avx2: true })}\n{"return": {"enabled": true, "present": true}}`,
      is: 'kvm',
    },
    { what: 'who imports it, when nothing else does', text: expansion({ avx2: true }), named: 'tcg', is: 'tcg' },
    { what: 'the text, whatever is named', text: expansion({ kvmclock: true }), named: 'tcg', is: 'kvm' },
  ];
  it.each(accelerators)('the accelerator is told by $what', ({ text, named, is }) => {
    const [snapshot] = readQmp(text, { ...options, accelerator: named }).snapshots;
    expect(Object.keys(snapshot?.qemu?.[0]?.observed ?? {})).toEqual([is]);
  });

  it('take the version from a greeting, or from who imports them', () => {
    const greeting =
      '{"QMP": {"version": {"qemu": {"micro": 2, "minor": 2, "major": 9}, "package": "qemu-9.2.2-1"}}}\n';
    expect(readQmp(greeting + expansion({ kvmclock: true }), options).snapshots[0]?.qemu?.[0]).toMatchObject({
      version: '9.2.2',
      package: 'qemu-9.2.2-1',
    });
    expect(
      readQmp(expansion({ kvmclock: true }), { ...options, qemuVersion: '8.0.0' }).snapshots[0]?.qemu?.[0]?.version,
    ).toBe('8.0.0');
  });

  const refused: readonly {
    readonly what: string;
    readonly text: string;
    readonly code: string;
    readonly where: string;
  }[] = [
    {
      what: 'an expansion of a named model',
      text: expansion({ avx2: true }, 'Skylake-Server'),
      code: 'IMPORT_INVALID',
      where: 'paste',
    },
    {
      what: 'an error',
      text: '{"error": {"class": "GenericError", "desc": "no"}}',
      code: 'IMPORT_INVALID',
      where: 'paste',
    },
    {
      what: 'a reply to something else',
      text: '{"return": [{"name": "pc", "cpu-max": 255}]}',
      code: 'IMPORT_INVALID',
      where: 'paste',
    },
    {
      what: 'an expansion without a sign of its accelerator',
      text: expansion({ avx2: true }),
      code: 'IMPORT_AMBIGUOUS',
      where: 'paste: from line 1',
    },
    {
      what: 'text between the objects',
      text: `${expansion({ kvmclock: true })}\n(QEMU)`,
      code: 'IMPORT_INVALID',
      where: 'paste: line 2',
    },
    { what: 'a string without an end', text: '{"return": "\n"}', code: 'IMPORT_INVALID', where: 'paste: line 1' },
    {
      what: 'JSON that is none',
      text: '{"return": {avx2: true}}',
      code: 'IMPORT_INVALID',
      where: 'paste: from line 1: line 1, column 13',
    },
    {
      what: 'brackets that do not match',
      text: '\n{"return": [}]',
      code: 'IMPORT_INVALID',
      where: 'paste: from line 2: line 1, column 13',
    },
  ];
  it.each(refused)('that are $what are refused', ({ text, code, where }) => {
    expect(caught(() => readQmp(text, options))).toMatchObject({ code, where });
  });
});
