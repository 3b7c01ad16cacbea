import type { CatalogIndex } from '../../catalog/catalog-index.ts';
import { abiReach } from '../../plan/abi-level.ts';
import type { Referee } from '../../plan/libvirt/referee.ts';
import { listMachinesOf, readDefinition, isDefinedModel } from '../../plan/model-definitions.ts';
import type { GuestAbiChange, NamedBit, PropertyChange } from '../../plan/stability.ts';
import type { NameHistory } from '../../plan/stability-names.ts';
import type { Accelerator } from '../../resolve/resolution.ts';
import type { Report, ReportFact, ReportTable } from '../report.ts';

const text = (key: string, head: string): ReportTable['columns'][number] => ({ key, head, kind: 'text' });
const number = (key: string, head: string): ReportTable['columns'][number] => ({ key, head, kind: 'number' });
const bitNames = (bits: readonly NamedBit[]): string => bits.map(({ name, bit }) => name ?? bit).join(' ');
const propertyTexts = (changes: readonly PropertyChange[]): string =>
  changes.map(({ name, before, after }) => `${name}: ${before} → ${after}`).join(', ');

/** Every model that a QEMU defines: what its name stands for on a machine type, how much it asks for, where it is offered. */
export function reportModels(index: CatalogIndex, accel: Accelerator, machine: string, atlas: ReportFact): Report {
  const { models, qemu } = index.catalog;
  const rows = models
    .filter(({ name }) => isDefinedModel(name))
    .map(({ name, deprecated }) => {
      const definition = readDefinition(index, accel, { model: name, machine });
      const { offered } = listMachinesOf(index, accel, name);
      const features = new Set(definition?.features ?? []);
      const { name: level } = abiReach((feature) => features.has(feature));
      return [
        ...[name, definition?.aliasOf ?? null],
        ...(definition === null ? [null, null] : [level ?? 'below v1', features.size]),
        ...[deprecated, offered.length],
      ];
    });
  return {
    title: `CPU models of QEMU ${qemu.version}`,
    facts: [atlas, ...definedBy(qemu.version, accel), { name: 'Machine type', value: machine }],
    tables: [
      {
        name: 'Models',
        columns: [
          ...[text('model', 'Model'), text('aliasOf', 'Stands for'), text('abi', 'ABI level')],
          ...[number('features', 'Features'), { key: 'deprecated', head: 'Deprecated', kind: 'flag' as const }],
          number('machines', 'Machine types'),
        ],
        rows,
      },
    ],
    remarks: ['What a model asks for, before anything is filtered.'],
  };
}

/** Definitions that changed between releases although they promise not to, and names that came and went. */
export function reportStability(
  changes: readonly GuestAbiChange[],
  names: readonly NameHistory[],
  releases: readonly string[],
  atlas: ReportFact,
): Report {
  return {
    title: 'What changed between releases of QEMU',
    facts: [atlas, { name: 'QEMU', value: releases.join(', ') }],
    tables: [
      {
        name: 'Changed definitions',
        columns: [
          ...[text('from', 'From'), text('to', 'To'), text('accel', 'Accelerator')],
          ...[{ key: 'promised', head: 'Promised', kind: 'flag' as const }, text('models', 'Models')],
          ...[text('machines', 'Machine types'), text('gained', 'Gained'), text('lost', 'Lost')],
          text('properties', 'Properties'),
        ],
        rows: changes.map(({ from, to, accel, isPromised, cells, gained, lost, properties }) => [
          ...[from, to, accel, isPromised, cells.map(({ model }) => model).join(' ')],
          [...new Set(cells.flatMap(({ machines }) => machines))].join(' '),
          ...[bitNames(gained), bitNames(lost), propertyTexts(properties)],
        ]),
      },
      {
        name: 'Names',
        columns: [
          ...[text('kind', 'Kind'), text('name', 'Name'), text('since', 'Since')],
          ...[text('deprecatedSince', 'Deprecated since'), text('removedIn', 'Removed in')],
        ],
        rows: names
          .filter(({ since, deprecatedSince, removedIn }) => since ?? deprecatedSince ?? removedIn)
          .map(({ kind, name, since, deprecatedSince, removedIn }) => [kind, name, since, deprecatedSince, removedIn]),
      },
    ],
    remarks: ['A machine type with a version promises that its models never change; one without promises nothing.'],
  };
}

/** libvirt's CPU map held against the definitions of a QEMU. */
export function reportReferee(referee: Referee, qemu: string, accel: Accelerator, atlas: ReportFact): Report {
  const { release, agreeing, disagreements, everywhere, unknownToQemu, unknownToLibvirt } = referee;
  return {
    title: `What libvirt ${release} believes of QEMU ${qemu}`,
    facts: [
      ...[atlas, ...definedBy(qemu, accel), { name: 'libvirt', value: release }],
      { name: 'Models that agree to the bit', value: String(agreeing.length) },
      { name: 'Every model gets', value: bitNames(everywhere) || 'nothing more' },
    ],
    tables: [
      {
        name: 'Disagreements',
        columns: [
          ...[text('model', 'Model'), text('machines', 'Machine types')],
          ...[text('onlyLibvirt', 'Only libvirt'), text('onlyQemu', 'Only QEMU')],
        ],
        rows: disagreements.map(({ model, machines, onlyLibvirt, onlyQemu }) => [
          ...[model, machines.join(' '), bitNames(onlyLibvirt), bitNames(onlyQemu)],
        ]),
      },
      {
        name: 'Models of one side',
        columns: [text('model', 'Model'), text('unknownTo', 'Unknown to')],
        rows: [
          ...unknownToQemu.map((model) => [model, 'QEMU']),
          ...unknownToLibvirt.map((model) => [model, 'libvirt']),
        ],
      },
    ],
    remarks: ['Bits that the map does not name are left out, and bits that QEMU clears by itself.'],
  };
}

const definedBy = (qemu: string, accel: Accelerator): readonly ReportFact[] => [
  { name: 'QEMU', value: qemu },
  { name: 'Accelerator', value: accel },
];
