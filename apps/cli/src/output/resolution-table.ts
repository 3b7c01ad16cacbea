import { assertNever } from '@cpu-atlas/core';
import type { FeatureVerdict, Resolution, ResolutionStatus } from '@cpu-atlas/core';
import { formatTable, printable, type Cell } from './table.ts';
import type { Paint } from './terminal.ts';

/** A resolution for people: the verdict first, then what is filtered and why, then the rest. */
export function formatResolution(
  resolution: Resolution,
  features: readonly FeatureVerdict[] | undefined,
  paint: Paint,
): string {
  const { properties, refusal } = resolution;
  const stands = resolution.aliasOf === undefined ? '' : ` = ${resolution.aliasOf}`;
  const head = `${verdict(resolution.status, resolution.unavailableFeatures.length, paint)}  ${paint.strong(printable(resolution.cpu))}${stands}`;
  const rows: Cell[][] = [
    ['machine type', `${resolution.machine}, ${resolution.accel}`],
    [
      'identity',
      `${resolution.vendor || '(none)'} family ${resolution.family} model ${resolution.model} stepping ${resolution.stepping}`,
    ],
    ['model id', resolution.modelId],
    ['levels', `level ${hex(resolution.level)}, xlevel ${hex(resolution.xlevel)}, xlevel2 ${hex(resolution.xlevel2)}`],
    ['address bits', properties['phys-bits'] === null ? 'not known' : String(properties['phys-bits'])],
    ['enforce', resolution.enforce],
  ];
  return [
    `${head}\n`,
    refusal === undefined ? '' : `${paint.bad(printable(refusal.message))}\n  ${printable(refusal.remedy)}\n`,
    formatTable(rows),
    features === undefined
      ? list('not to be had', [resolution.unavailableFeatures.join(' ')])
      : formatFeatures(features, paint),
    list(
      'raised',
      resolution.levelRaises.map(({ level, to, because }) => `${level} to ${hex(to)} because of ${because}`),
    ),
    list('QEMU warns', features === undefined ? shortened(resolution.warnings) : resolution.warnings),
    list('not known', resolution.unknowns),
    list('assumed', resolution.assumptions),
  ].join('');
}

function verdict(status: ResolutionStatus, count: number, paint: Paint): string {
  switch (status) {
    case 'runnable':
      return paint.good('● runs as defined');
    case 'filtered':
      return paint.warn(`◐ ${count} filtered`);
    case 'refused':
      return paint.bad('✕ refused');
    case 'unknown':
      return paint.dim('? unknown');
    default:
      return assertNever(status);
  }
}

const stateOrder = ['filtered', 'unknown', 'enabled', 'missing', 'absent'] as const;

/** Filtered features with their reasons, then the others by state. */
function formatFeatures(features: readonly FeatureVerdict[], paint: Paint): string {
  return stateOrder
    .map((state) => {
      const those = features.filter((feature) => feature.state === state);
      if (those.length === 0) return '';
      const title = paint.strong(`${state} ${those.length}`);
      if (state !== 'filtered' && state !== 'unknown')
        return `${title}\n  ${those.map(({ name }) => name).join(' ')}\n`;
      const rows = those.map(({ name, bit, blocker }): Cell[] => [
        `  ${name}`,
        bit,
        blocker?.layer ?? '',
        blocker === undefined ? '' : `${blocker.evidence} → ${blocker.remedy}`,
      ]);
      return `${title}\n${formatTable(rows)}`;
    })
    .join('');
}

const shownWarnings = 4;

function shortened(lines: readonly string[]): readonly string[] {
  if (lines.length <= shownWarnings + 1) return lines;
  return [
    ...lines.slice(0, shownWarnings),
    `… ${lines.length - shownWarnings} more (--explain tells them all, with reasons)`,
  ];
}

function list(title: string, lines: readonly string[]): string {
  const shown = lines.filter((line) => line !== '');
  return shown.length === 0 ? '' : `${title}\n${shown.map((line) => `  ${printable(line)}\n`).join('')}`;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
