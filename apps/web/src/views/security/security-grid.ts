import type { SecurityResult } from '@cpu-atlas/contract';
import type { GridHead, GridModel } from '../../grid/grid-model.ts';
import type { Outcome } from '../../matrix/cell.ts';

type Group = SecurityResult['groups'][number];
type JudgedFlag = Extract<Group['security'], { readonly kind: 'judged' }>['flags'][number];
export type FlagVerdict = JudgedFlag['verdict'];

/** Each verdict with the glyph of the house that comes nearest to it, and in words. */
export const verdicts = {
  on: { outcome: 'runs', words: 'the guest has it' },
  'should-be-on': { outcome: 'filtered', words: 'the host gives it, the guest does not ask for it' },
  'over-claimed': {
    outcome: 'refused',
    words: 'the guest is told that it is immune, the host says that it is affected',
  },
  'host-lacks': { outcome: 'refused', words: 'needed, and the host does not have it' },
  'not-needed': { outcome: 'not-offered', words: 'not needed here' },
  'not-offered': { outcome: 'not-offered', words: 'no immunity to tell of' },
  optional: { outcome: 'not-offered', words: 'left to taste' },
  unknown: { outcome: 'unknown', words: 'unknown: a layer that decides was not seen' },
} as const satisfies Record<FlagVerdict, { readonly outcome: Outcome; readonly words: string }>;

/** What each glyph of the grid means, in a word or two. */
export const glyphWords = {
  runs: 'has it',
  filtered: 'could have it',
  refused: 'lacks it, or is told too much',
  'not-offered': 'nothing to do',
  unknown: 'unknown',
} as const satisfies Record<Outcome, string>;

/** A cell: a flag on a group of hosts. */
export type SecurityCell =
  | { readonly kind: 'flag'; readonly flag: JudgedFlag }
  | { readonly kind: 'other-vendor' }
  | { readonly kind: 'none' | 'unknown'; readonly reason: string };

export function cellOf({ security }: Group, flag: string): SecurityCell {
  if (security.kind === 'no-guest') return { kind: 'none', reason: security.reason };
  if (security.kind === 'unknown') return { kind: 'unknown', reason: security.reason };
  const found = security.flags.find((each) => each.flag === flag);
  return found === undefined ? { kind: 'other-vendor' } : { kind: 'flag', flag: found };
}

/** Flags that are shown: those that mean anything to these hosts, and that the search and the switch leave. */
export function listFlags(
  { flags, groups }: SecurityResult,
  { search, onlyGaps }: { readonly search: string; readonly onlyGaps: boolean },
): SecurityResult['flags'] {
  const sought = search.trim().toLowerCase();
  return flags.filter(({ flag, against, text }) => {
    const cells = groups.map((group) => cellOf(group, flag));
    if (cells.every(({ kind }) => kind === 'other-vendor')) return false;
    if (onlyGaps && !cells.some(isGap)) return false;
    return sought === '' || [flag, ...against, text].some((words) => words.toLowerCase().includes(sought));
  });
}

/** Not as it should be, as far as is known. */
function isGap(cell: SecurityCell): boolean {
  return cell.kind === 'flag' && ['should-be-on', 'over-claimed', 'host-lacks'].includes(cell.flag.verdict);
}

/** How often each verdict that asks for something occurs, in hosts. */
export function countGaps({
  groups,
}: SecurityResult): Readonly<Record<'over-claimed' | 'host-lacks' | 'should-be-on', number>> {
  const counts = { 'over-claimed': 0, 'host-lacks': 0, 'should-be-on': 0 };
  for (const { hosts, security } of groups) {
    const found = new Set(security.kind === 'judged' ? security.flags.map(({ verdict }) => verdict) : []);
    for (const verdict of ['over-claimed', 'host-lacks', 'should-be-on'] as const)
      if (found.has(verdict)) counts[verdict] += hosts.length;
  }
  return counts;
}

export function describeSecurityCell(cell: SecurityCell): string {
  switch (cell.kind) {
    case 'flag':
      return verdicts[cell.flag.verdict].words;
    case 'other-vendor':
      return 'means nothing to a CPU of this vendor';
    case 'none':
      return `there is no such guest: ${cell.reason}`;
    case 'unknown':
      return `unknown: ${cell.reason}`;
  }
}

function outcomeOf(cell: SecurityCell): Outcome {
  switch (cell.kind) {
    case 'flag':
      return verdicts[cell.flag.verdict].outcome;
    case 'unknown':
      return 'unknown';
    case 'other-vendor':
    case 'none':
      return 'not-offered';
  }
}

/** Flags of another vendor, and guests that there are not, count for nothing. */
const isAbout = ({ kind }: SecurityCell): boolean => kind === 'flag' || kind === 'unknown';

const plainHead = { note: '', fold: 'none', count: 1, isGroup: false, isNested: false, isDimmed: false } as const;

/** Flags × groups of hosts, as the grid draws it. */
export function buildSecurityGrid(result: SecurityResult, flags: SecurityResult['flags']): GridModel {
  const { groups } = result;
  const cells = flags.map(({ flag }) => groups.map((group) => cellOf(group, flag)));
  const rows = flags.map(({ flag, kind, text }): GridHead => ({
    ...plainHead,
    key: flag,
    label: flag,
    note: kind,
    title: text,
  }));
  const columns = groups.map(({ hosts }): GridHead => {
    const [first] = hosts;
    const names = hosts.map(({ name }) => name).join(', ');
    const label = hosts.length > 1 ? `${first?.name ?? ''} +${hosts.length - 1}` : (first?.name ?? '');
    return { ...plainHead, key: first?.id ?? '', label, title: names };
  });
  const at = (row: number, column: number): SecurityCell => cells[row]?.[column] ?? { kind: 'other-vendor' };
  return {
    corner: { row: 'flag', column: 'host' },
    rows,
    columns,
    columnHeads: 'turned',
    cell: (row, column) => {
      const cell = at(row, column);
      return {
        kind: 'outcome',
        outcome: outcomeOf(cell),
        ...{ filtered: 0, loss: 0, proof: null, isFaded: false },
        isDimmed: cell.kind === 'other-vendor' || cell.kind === 'none',
      };
    },
    share: (row) => ({
      runs: groups.reduce((sum, { hosts }, column) => {
        const cell = at(row, column);
        return sum + (cell.kind === 'flag' && cell.flag.verdict === 'on' ? hosts.length : 0);
      }, 0),
      of: groups.reduce((sum, { hosts }, column) => sum + (isAbout(at(row, column)) ? hosts.length : 0), 0),
    }),
    notes: null,
    describe: (row, column) =>
      `${rows[row]?.label ?? ''} on ${columns[column]?.label ?? ''}: ${describeSecurityCell(at(row, column))}`,
  };
}
