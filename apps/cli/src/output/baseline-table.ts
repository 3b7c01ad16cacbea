import { abiReach } from '@cpu-atlas/core';
import type { Baseline, DroppedFeature, LibvirtCpu, Report, VendorBaseline } from '@cpu-atlas/core';
import { guestFacts, openRemarks, textColumns } from './report-parts.ts';
import { formatTable, printable } from './table.ts';
import type { Paint } from './terminal.ts';

/** What libvirt would answer for the same hosts. */
export type LibvirtAnswer =
  | { readonly release: string; readonly outcome: 'ok'; readonly cpu: LibvirtCpu & { readonly model: string } }
  | { readonly release: string; readonly outcome: 'error' | 'unknown'; readonly reason: string };

export interface ShownBaseline {
  readonly baseline: Baseline;
  readonly assumptions: readonly string[];
  readonly libvirt: LibvirtAnswer | null;
}

/** Features that a host costs, named in full up to this many. */
const namedLosses = 12;

/** A baseline for people: the line first, then what it costs and whom that is owed to. */
export function formatBaseline({ baseline, assumptions, libvirt }: ShownBaseline, paint: Paint): string {
  const { vendors, mode, machine, accel, reason } = baseline;
  return [
    `${mode} on ${machine}, ${accel}\n`,
    vendors.length > 1 ? `${paint.bad('✕ no common CPU')}  ${printable(reason)}\n` : '',
    ...vendors.map((vendor) => formatVendor(vendor, paint)),
    libvirt === null ? '' : formatLibvirt(libvirt),
    ...assumptions.map((assumption) => `assumed: ${printable(assumption)}\n`),
  ].join('');
}

/** One row for each vendor: hosts of several have no common CPU. `export baseline` has the hosts and what each costs. */
export function reportVendors({ baseline, assumptions, libvirt }: ShownBaseline): Report {
  const { vendors, mode, reason, outcome } = baseline;
  const columns = textColumns({
    ...{ vendor: 'Vendor', outcome: 'Outcome', cpu: 'CPU', answering: 'Hosts that answer', hosts: 'Hosts' },
    ...{ abi: 'ABI', features: 'Features', dropped: 'Left out', open: 'Not known', reasons: 'Reasons' },
  });
  const rows = vendors.map((vendor) => [
    ...[vendor.vendor ?? 'unknown', vendor.outcome, vendor.cpu ?? (vendor.outcome === 'none' ? 'none' : 'unknown')],
    ...[String(vendor.answering), String(vendor.hosts)],
    abiReach((feature) => vendor.features.includes(feature)).name ?? 'below x86-64-v1',
    vendor.features.join(' '),
    vendor.dropped.map(({ name, decidingHost }) => `${name} (${decidingHost ?? 'the model'})`).join('; '),
    ...[vendor.openFeatures.join(' '), vendor.reasons.join('; ')],
  ]);
  return {
    title: `Baseline: ${outcome}`,
    facts: [{ name: 'Mode', value: mode }, ...guestFacts(baseline)],
    tables: [{ name: 'Vendors', columns, rows }],
    remarks: [
      ...(reason === '' ? [] : [reason]),
      ...(libvirt === null ? [] : [formatLibvirt(libvirt).trimEnd()]),
      ...openRemarks({ assumptions }),
    ],
  };
}

function formatVendor(vendor: VendorBaseline, paint: Paint): string {
  const abi = abiReach((feature) => vendor.features.includes(feature));
  const rows = [
    ['vendor', vendor.vendor ?? 'not known'],
    ['hosts', `${vendor.answering}/${vendor.hosts} answer`],
    ['features', `${vendor.features.length}, ${abi.name ?? 'below x86-64-v1'}`],
  ];
  return [
    `${headline(vendor, paint)}\n`,
    formatTable(rows),
    ...vendor.reasons.map((reason) => `  ${printable(reason)}\n`),
    formatLosses(vendor.dropped),
    ...vendor.accumulated
      .filter(({ outcome }) => outcome === 'cannot-be-told')
      .map(
        ({ name, hadBy, decidingHost }) =>
          `  ${paint.warn(`${name} is announced by ${hadBy.join(', ')}, but ${decidingHost ?? 'a host'} cannot announce it`)}\n`,
      ),
    ...vendor.betterModels.map(
      ({ model, runsOn, of, decidingHost, lacks }) =>
        `  ${model} runs on ${runsOn}/${of}: ${decidingHost} lacks ${printable(lacks.join(' '))}\n`,
    ),
  ].join('');
}

function headline({ outcome, cpu }: VendorBaseline, paint: Paint): string {
  if (outcome === 'found') return `${paint.good('● every host starts')}  -cpu ${paint.strong(printable(cpu ?? ''))}`;
  return outcome === 'none' ? paint.bad('✕ no CPU runs on all') : paint.warn('? cannot be told');
}

/** Losses by the host that decides. */
function formatLosses(dropped: readonly DroppedFeature[]): string {
  const byHost = new Map<string, DroppedFeature[]>();
  for (const loss of dropped) {
    const key = loss.decidingHost ?? 'the model';
    byHost.set(key, [...(byHost.get(key) ?? []), loss]);
  }
  return [...byHost]
    .map(([host, losses]) => {
      const names = losses.slice(0, namedLosses).map(({ name, have, of }) => `${name} (${have}/${of})`);
      const more = losses.length > namedLosses ? ` and ${losses.length - namedLosses} more` : '';
      return `  ${printable(host)} costs ${names.join(' ')}${more}\n`;
    })
    .join('');
}

function formatLibvirt(answer: LibvirtAnswer): string {
  if (answer.outcome !== 'ok') return `libvirt ${answer.release}: ${answer.outcome}: ${printable(answer.reason)}\n`;
  const features = answer.cpu.features.map(({ name, policy }) => `${policy === 'disable' ? '-' : '+'}${name}`);
  return `libvirt ${answer.release} would say ${answer.cpu.model} ${features.join(' ')}\n`;
}
