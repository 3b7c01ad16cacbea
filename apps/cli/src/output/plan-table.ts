import { assertNever } from '@cpu-atlas/core';
import type { Answer, ModelEffect, Obstacle, Pool, PoolChoice, PoolPlan, RankedChoice, WhatIf } from '@cpu-atlas/core';
import { formatTable, printable, type Cell } from './table.ts';
import type { Paint } from './terminal.ts';

/** Yes, no or unknown as a sign and a word: never by colour alone. */
export function signOf(answer: Answer, paint: Paint): Cell {
  switch (answer) {
    case 'yes':
      return { text: '● yes', paint: paint.good };
    case 'no':
      return { text: '✕ no', paint: paint.bad };
    case 'unknown':
      return { text: '? unknown', paint: paint.warn };
    default:
      return assertNever(answer);
  }
}

/** What stands in the way, in one line. */
export function describeObstacle({ name, bit, reason }: Obstacle): string {
  const what = [name, bit ?? ''].filter((part) => part !== '').join(' ');
  return printable(what === '' ? reason : `${what}: ${reason}`);
}

const shownLosses = 6;

const shorten = (names: readonly string[]): string =>
  names.length > shownLosses
    ? `${names.slice(0, shownLosses).join(' ')} +${names.length - shownLosses}`
    : names.join(' ');

/** Ranked choices: how many hosts run the model as it is, and the line that all of them start. */
export function formatChoices(
  {
    machine,
    total,
    choices,
  }: { readonly machine: string; readonly total: number; readonly choices: readonly RankedChoice[] },
  paint: Paint,
): string {
  const head: Cell[] = ['model', 'as it is', 'line starts', 'level', 'features', 'loses'].map((text) => ({
    text,
    paint: paint.strong,
  }));
  const rows = choices.map(({ model, plain, proof, abiLevel, features, losses }): Cell[] => [
    model,
    `${plain.yes}/${plain.total}`,
    { text: `${proof.yes}/${proof.total}`, paint: proof.answer === 'yes' ? paint.good : paint.warn },
    abiLevel === 0 ? '-' : `v${abiLevel}`,
    `${features.length}`,
    shorten(losses.map(({ feature }) => feature)),
  ]);
  const lines = choices.slice(0, 3).map(({ line, proof }) => {
    const why =
      proof.deciding === null ? '' : `  (${proof.deciding.host.name}: ${describeObstacle(proof.deciding.obstacle)})`;
    return `  -cpu ${paint.strong(printable(line.cpu))}${why}\n`;
  });
  return [`${choices.length} of ${total} models on ${machine}\n\n`, formatTable([head, ...rows]), '\n', ...lines].join(
    '',
  );
}

/** Pools: each choice, its pools, and what they cost. */
export function formatPools(
  { machine, choices, unknown, unfit, contradictions }: PoolPlan & { readonly machine: string },
  abiLevelOf: (features: ReadonlySet<string>) => number,
  paint: Paint,
): string {
  const beside = [
    ...unknown.map(
      ({ host, obstacle }) => `${paint.warn('? not placed')}  ${printable(host.name)}: ${describeObstacle(obstacle)}\n`,
    ),
    ...unfit.map(
      ({ host, obstacle }) => `${paint.bad('✕ not fit')}  ${printable(host.name)}: ${describeObstacle(obstacle)}\n`,
    ),
    ...contradictions.map(({ reason }) => `${paint.bad('✕')} ${reason}\n`),
  ];
  return [`on ${machine}\n`, ...choices.map((choice) => formatChoice(choice, abiLevelOf, paint)), ...beside].join('');
}

const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;

function formatChoice(
  { pools, keptShare, keptShareBound, isBest, survivesLoss }: PoolChoice,
  abiLevelOf: (features: ReadonlySet<string>) => number,
  paint: Paint,
): string {
  const quality = isBest ? 'the best' : `at most ${percent(keptShareBound)} is possible`;
  const loss = survivesLoss ? paint.good('survives the loss of a host') : paint.warn('a pool dies with a host');
  const head = `\n${paint.strong(`${pools.length} pool${pools.length === 1 ? '' : 's'}`)}: ${percent(keptShare)} of the features kept (${quality}); ${loss}\n`;
  return head + pools.map((pool, at) => formatPool(pool, at, abiLevelOf, paint)).join('');
}

function formatPool(
  { hosts, vendor, promised, costs, cut }: Pool,
  at: number,
  abiLevelOf: (features: ReadonlySet<string>) => number,
  paint: Paint,
): string {
  const names = hosts.slice(0, 6).map(({ name }) => name);
  const more = hosts.length > names.length ? ` and ${hosts.length - names.length} more` : '';
  const level = abiLevelOf(new Set(promised));
  return [
    `  ${at + 1}  ${hosts.length} hosts, ${vendor}, ${promised.length} features, ${level === 0 ? 'below v1' : `x86-64-v${level}`}: `,
    `${printable(names.join(', '))}${more}\n`,
    ...costs.slice(0, 3).map(({ sentence }) => paint.dim(`       ${printable(sentence)}\n`)),
    cut === null ? '' : paint.dim(`       apart from ${cut.other + 1}: ${printable(cut.sentence)}\n`),
  ].join('');
}

const effectPaint = (effect: ModelEffect['effect'], paint: Paint): ((text: string) => string) => {
  if (effect === 'gained' || effect === 'wider') return paint.good;
  return effect === 'undecided' ? paint.warn : paint.bad;
};

/** What a change would do. */
export function formatWhatIf(
  { models, gained, lost, vms, machine }: WhatIf & { readonly machine: string },
  paint: Paint,
): string {
  const rows = models.map(({ effect, before, after, deciding }): Cell[] => [
    { text: effect, paint: effectPaint(effect, paint) },
    after.model,
    `${before.yes}/${before.total} → ${after.yes}/${after.total}`,
    deciding === null ? '' : `${deciding.host.name}: ${describeObstacle(deciding.obstacle)}`,
  ]);
  const bits = (list: WhatIf['gained']): string => list.map(({ feature, bit }) => `${feature} (${bit})`).join(', ');
  return [
    `on ${machine}\n`,
    gained.length > 0 ? `${paint.good('all hosts gain')}  ${bits(gained)}\n` : '',
    lost.length > 0 ? `${paint.bad('all hosts lose')}  ${bits(lost)}\n` : '',
    models.length === 0 ? 'no model is gained or lost\n' : formatTable(rows),
    ...vms.map(
      ({ effect, vm, targetsBefore, targetsAfter }) =>
        `${effect}  ${printable(vm.name)}: could go to ${targetsBefore} hosts, then to ${targetsAfter}\n`,
    ),
  ].join('');
}
