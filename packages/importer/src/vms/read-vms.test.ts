import fc from 'fast-check';
import { AtlasError } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { caught } from '../testing/caught.ts';
import { readVms } from './read-vms.ts';

const options = { source: 'vms' };
const read = (text: string, host?: string) => readVms(text, { ...options, host }).vms;

const domain = (cpu: string, more = '', type = 'kvm'): string => `
<domain type='${type}' id='7'>
  <name>web</name>
  <vcpu placement='static'>8</vcpu>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>
  ${more}
  ${cpu}
</domain>`;

describe('VMs from CSV', () => {
  it('quotes hold the commas of a -cpu argument', () => {
    expect(read('name,host,machine,cpu,smp\nweb,node-a,pc-q35-7.2,"EPYC-v4,+svm",8\n')).toEqual([
      { name: 'web', host: 'node-a', machine: 'pc-q35-7.2', cpu: 'EPYC-v4,+svm', smp: { cpus: 8 } },
    ]);
  });

  it('semicolons and tabs separate, too, and other names of columns are known', () => {
    expect(read('vm;node;machine-type;cpu-model\nweb;a;q35;EPYC,-svm')).toMatchObject([
      { name: 'web', host: 'a', cpu: 'EPYC,-svm' },
    ]);
    expect(read('name\thost\tmachine\tcpu\nweb\ta\tq35\tEPYC')).toHaveLength(1);
  });

  it('a doubled quote is one quote, and a quoted field may go on', () => {
    expect(read('name,host,machine,cpu\n"we""b\n2",a,q35,EPYC')[0].name).toBe('we"b\n2');
  });

  it.each([
    ['a -cpu argument without quotes', 'name,host,machine,cpu\nweb,a,q35,EPYC,+svm', 'IMPORT_INVALID', 'vms: line 2'],
    ['no column for the CPU', 'name,host\nweb,a', 'IMPORT_INVALID', 'vms: line 1'],
    ['a quote that is never closed', 'name,host,machine,cpu\n"web,a,q35,EPYC', 'IMPORT_INVALID', 'vms: line 2'],
    ['no host', 'name,machine,cpu\nweb,q35,EPYC', 'IMPORT_AMBIGUOUS', 'vms: line 2'],
    ['no machine', 'name,host,cpu\nweb,a,EPYC', 'IMPORT_INVALID', 'vms: line 2: $.machine'],
    ['nothing', '  ', 'IMPORT_INVALID', 'vms'],
  ])('%s is refused with its place', (_, text, code, where) => {
    expect(caught(() => read(text))).toMatchObject({ code, where });
  });

  it('a host named for all is taken where the text says none', () => {
    expect(read('name,machine,cpu\nweb,q35,EPYC', 'node-a')[0].host).toBe('node-a');
  });
});

describe('VMs from JSON', () => {
  const vm = { name: 'web', host: 'a', machine: 'q35', cpu: 'EPYC', smp: 'cpus=8,threads=2' };

  it('a list, or an object with a list', () => {
    const read2 = [read(JSON.stringify([vm])), read(JSON.stringify({ vms: [vm] }))];
    for (const vms of read2) expect(vms).toEqual([{ ...vm, smp: { cpus: 8, threads: 2 } }]);
  });

  it.each([
    ['no list', '{"vm": []}', 'IMPORT_INVALID'],
    ['a number for a VM', '[1]', 'IMPORT_INVALID'],
    ['cut short', '[{"name":', 'IMPORT_INVALID'],
    ['deep', `[${'['.repeat(100)}${']'.repeat(100)}]`, 'IMPORT_INVALID'],
  ])('%s is refused', (_, text, code) => {
    expect(caught(() => read(text))).toMatchObject({ code });
  });
});

describe('VMs from libvirt domain XML', () => {
  it('a custom CPU with its features in QEMU’s names, the topology and the irqchip', () => {
    const cpu = `<cpu mode='custom' match='exact' check='full'>
      <model fallback='forbid'>EPYC</model><topology sockets='1' dies='1' cores='4' threads='2'/>
      <feature policy='require' name='pclmuldq'/><feature policy='disable' name='svm'/></cpu>`;
    expect(
      read(domain(cpu, "<features><ioapic driver='qemu'/><kvm><hidden state='on'/></kvm></features>"), 'node-a'),
    ).toEqual([
      {
        name: 'web',
        host: 'node-a',
        machine: 'pc-q35-7.2',
        cpu: 'EPYC,pclmulqdq=on,svm=off,kvm=off',
        accel: 'kvm',
        kernelIrqchip: 'split',
        smp: { cpus: 8, sockets: 1, dies: 1, cores: 4, threads: 2 },
      },
    ]);
  });

  it.each([
    ["<cpu mode='host-passthrough' check='none' migratable='off'/>", 'host,migratable=off'],
    ["<cpu mode='maximum'/>", 'max'],
    ['', 'qemu64'],
    [
      "<cpu><model>Nehalem</model></cpu><clock><timer name='tsc' frequency='2000000000'/></clock>",
      'Nehalem,tsc-frequency=2000000000',
    ],
    ["<cpu mode='maximum'><maxphysaddr mode='emulate' bits='42'/></cpu>", 'max,phys-bits=42'],
  ])('%s becomes -cpu %s', (cpu, argument) => {
    expect(read(domain(cpu), 'a')[0].cpu).toBe(argument);
  });

  it('several domains after one another, and in a list', () => {
    const one = domain("<cpu mode='maximum'/>");
    expect(read(`<?xml version='1.0'?>${one}${one}`, 'a')).toHaveLength(2);
    expect(read(`<domains>${one}</domains>`, 'a')).toHaveLength(1);
  });

  it.each([
    ['host-model, which says nothing yet', domain("<cpu mode='host-model'/>"), 'IMPORT_UNSUPPORTED'],
    ['a domain of Xen', domain('', '', 'xen'), 'IMPORT_UNSUPPORTED'],
    ['no domain', '<network/>', 'IMPORT_INVALID'],
    ['a DTD', '<!DOCTYPE a [<!ENTITY b "c">]><domain/>', 'IMPORT_UNSAFE'],
    ['an unclosed element', '<domain>', 'IMPORT_INVALID'],
  ])('%s is refused', (_, text, code) => {
    expect(caught(() => read(text, 'a'))).toMatchObject({ code });
  });
});

describe('whatever comes', () => {
  it('is read or refused with a code, never anything else', () => {
    const pieces = fc.constantFrom(
      '<domain',
      "type='kvm'",
      '>',
      '</domain>',
      '[',
      '{',
      '"',
      ',',
      '\n',
      'name',
      'cpu',
      ':',
      ';',
      '<cpu>',
      '\u0000',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 6 })), { maxLength: 30 }), (parts) => {
        try {
          readVms(parts.join(''), { source: 'fuzz', host: 'a' });
        } catch (error) {
          expect(error).toBeInstanceOf(AtlasError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
