import { describe, expect, it } from 'vitest';
import { writeLibvirtCpu } from './write-libvirt-cpu.ts';

describe('a CPU of libvirt as XML', () => {
  it('has what is known of it, and names that are text', () => {
    const features = [{ name: 'avx2', policy: 'require' }, { name: "a'<b>" }] as const;
    const cpu = { mode: 'custom', match: 'exact', model: 'EPYC', vendor: 'AMD', fallback: 'forbid', features } as const;
    expect(writeLibvirtCpu({ kind: 'guest', ...cpu })).toBe(
      [
        "<cpu mode='custom' match='exact'>",
        "  <model fallback='forbid'>EPYC</model>",
        '  <vendor>AMD</vendor>',
        "  <feature policy='require' name='avx2'/>",
        "  <feature name='a&apos;&lt;b&gt;'/>",
        '</cpu>',
      ].join('\n'),
    );
  });

  it('leaves out what is not', () => {
    expect(writeLibvirtCpu({ kind: 'host', features: [] })).toBe('<cpu>\n</cpu>');
  });
});
