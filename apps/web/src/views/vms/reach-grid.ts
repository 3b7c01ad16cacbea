import type { HostSummary, VmsResult } from '@cpu-atlas/contract';
import type { GridHead, GridModel } from '../../grid/grid-model.ts';
import { cellOfMove, describeMove } from '../pools/move-grid.ts';
import { kindOfMove } from '../pools/moves.ts';
import type { Move } from '../pools/moves.ts';

type VmGroup = VmsResult['groups'][number];

/** VMs that come out the same. */
export interface VmRow {
  /** The first VM's name; of several groups whose first VM has one name, with its number. */
  readonly key: string;
  readonly group: VmGroup;
}

/** Hosts that come out the same for every VM. */
export interface HostColumn {
  /** Id of the first host. */
  readonly key: string;
  readonly ids: readonly string[];
  readonly name: string;
  readonly isSilent: boolean;
}

export interface ReachPicture {
  readonly rows: readonly VmRow[];
  readonly columns: readonly HostColumn[];
  readonly moveAt: (row: number, column: number) => Move;
  readonly grid: GridModel;
}

/** VMs × hosts: where each can go, and where that is a trap. */
export function drawReach(
  { groups }: Pick<VmsResult, 'groups'>,
  hosts: readonly HostSummary[],
  search: string,
): ReachPicture {
  const byId = new Map(hosts.map((host) => [host.id, host]));
  const columns = (groups[0]?.reach ?? []).map(({ hosts: ids }) => columnOf(ids, byId));
  const rows = keyRows(groups).filter(({ group }) => matches(group, search));
  const moveAt = (row: number, column: number): Move => {
    const group = rows[row]?.group;
    const reach = group?.reach[column];
    if (group === undefined || reach === undefined) return unknownMove;
    const { hosts: ids, obstacles, line, isOwnLine } = reach;
    const isHome = ids.length === 1 && group.home.includes(ids[0] ?? '');
    return { kind: isHome ? 'self' : kindOfMove(reach), obstacles, line, isOwnLine };
  };
  const grid: GridModel = {
    corner: { row: 'VM', column: 'host' },
    rows: rows.map(rowHead),
    columns: columns.map(columnHead),
    columnHeads: 'turned',
    cell: (row, column) => cellOfMove(moveAt(row, column)),
    share: (row) => shareOf(rows[row]?.group),
    notes: null,
    describe: (row, column) => {
      const [vm, host] = [rows[row], columns[column]];
      if (vm === undefined || host === undefined) return vm === undefined ? (host?.name ?? '') : sayRow(vm);
      return `${sayRow(vm)} to ${host.name}: ${describeMove(moveAt(row, column))}`;
    },
  };
  return { rows, columns, moveAt, grid };
}

const unknownMove: Move = { kind: 'unknown', obstacles: [], line: null, isOwnLine: false };

function columnOf(ids: readonly string[], byId: ReadonlyMap<string, HostSummary>): HostColumn {
  const [key = ''] = ids;
  const host = byId.get(key);
  const name = host?.name ?? key;
  return {
    key,
    ids,
    name: ids.length > 1 ? `${name} … ×${ids.length}` : name,
    isSilent: host !== undefined && host.freshness.state !== 'fresh',
  };
}

function keyRows(groups: readonly VmGroup[]): readonly VmRow[] {
  const seen = new Map<string, number>();
  return groups.map((group) => {
    const [name = ''] = group.vms;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return { key: count === 1 ? name : `${name}#${count}`, group };
  });
}

function matches({ vms, cpu, machine }: VmGroup, search: string): boolean {
  const words = search.trim().toLowerCase().split(/\s+/);
  const text = `${vms.join(' ')} ${cpu} ${machine}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

const sayRow = ({ group: { vms } }: VmRow): string =>
  vms.length === 1 ? (vms[0] ?? '') : `${vms[0] ?? ''} and ${vms.length - 1} alike`;

function rowHead(row: VmRow): GridHead {
  const { vms, cpu, machine } = row.group;
  return {
    key: row.key,
    label: vms[0] ?? '',
    note: vms.length === 1 ? '' : `×${vms.length}`,
    title: `${sayRow(row)}, ${cpu} on ${machine}`,
    ...{ fold: 'none', count: vms.length, isGroup: false, isNested: false, isDimmed: false },
  };
}

function columnHead({ key, ids, name, isSilent }: HostColumn): GridHead {
  return {
    ...{ key, label: name, note: '', title: isSilent ? `${name}, silent` : name },
    ...{ fold: 'none', count: ids.length, isGroup: false, isNested: false, isDimmed: isSilent },
  };
}

/** Hosts that a VM of the group can go to, of all but its own. */
function shareOf(group: VmGroup | undefined): { readonly runs: number; readonly of: number } {
  if (group === undefined) return { runs: 0, of: 0 };
  const all = group.reach.reduce((sum, { hosts }) => sum + hosts.length, 0);
  return { runs: group.targets, of: Math.max(0, all - 1) };
}
