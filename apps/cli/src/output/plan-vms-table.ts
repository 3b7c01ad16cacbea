import type { DrainPlan, RollingUpgrade, UnreadVm } from '@cpu-atlas/core';
import type { ToldGroup } from '../commands/plan-vms.ts';
import { describeObstacle, signOf } from './plan-table.ts';
import { formatTable, printable, type Cell } from './table.ts';
import type { Paint } from './terminal.ts';

export interface ToldVms {
  readonly groups: readonly ToldGroup[];
  readonly unread: readonly UnreadVm[];
  readonly notes: readonly string[];
  readonly drain: DrainPlan | null;
  readonly upgrade: RollingUpgrade | null;
}

/** VMs: whether each can leave, and then what was asked for. */
export function formatVms({ groups, unread, notes, drain, upgrade }: ToldVms, paint: Paint): string {
  const rows = groups.map((group): Cell[] => [
    namesOf(group),
    group.vms[0].cpu,
    signOf(group.canLeave, paint),
    `${group.targets} hosts`,
    remarkOf(group),
  ]);
  return [
    formatTable([['VM', '-cpu', 'can leave', 'to', ''], ...rows]),
    ...unread.map(({ vm, reason }) => `${paint.warn('? not read')}  ${printable(`${vm.name}: ${reason}`)}\n`),
    ...notes.map((note) => `assumed: ${printable(note)}\n`),
    drain === null ? '' : formatDrain(drain, paint),
    upgrade === null ? '' : formatUpgrade(upgrade, paint),
  ].join('');
}

function namesOf({ vms }: ToldGroup): string {
  return vms.length === 1 ? vms[0].name : `${vms[0].name} and ${vms.length - 1} alike`;
}

function remarkOf({ reach, canLeave }: ToldGroup): string {
  const traps = reach.filter(({ trap }) => trap === 'yes').flatMap(({ hosts }) => hosts);
  if (traps.length > 0)
    return `trap: ${traps
      .slice(0, 3)
      .map(({ name }) => name)
      .join(', ')}`;
  const [held] = reach.filter(({ answer }) => answer !== 'yes').sort((a, b) => a.obstacles.length - b.obstacles.length);
  return canLeave === 'yes' || held === undefined || held.obstacles.length === 0
    ? ''
    : describeObstacle(held.obstacles[0]);
}

function formatDrain({ host, moves, stuck }: DrainPlan, paint: Paint): string {
  return [
    `\nto empty ${paint.strong(printable(host.name))}\n`,
    ...moves.map(
      ({ vm, to, line, isTrap }) =>
        `  ${printable(vm.name)} → ${printable(to.name)}  -cpu ${printable(line)}${isTrap ? paint.warn('  trap') : ''}\n`,
    ),
    ...stuck.map(({ vm, answer, obstacles, mask }) => {
      const why = obstacles.length === 0 ? '' : describeObstacle(obstacles[0]);
      const cure = mask === null ? '' : `; free after a boot with -cpu ${mask.cpu}`;
      return `  ${paint.bad(answer === 'no' ? '✕ stuck' : '? perhaps stuck')}  ${printable(`${vm.name}: ${why}${cure}`)}\n`;
    }),
  ].join('');
}

function formatUpgrade(upgrade: RollingUpgrade, paint: Paint): string {
  if (upgrade.kind !== 'order') {
    const head = upgrade.kind === 'none' ? paint.bad('✕ no order') : paint.warn('? cannot be told');
    const who = upgrade.stranded.map(({ vm, obstacles: [first] }) => {
      const why = first === undefined ? '' : `: ${describeObstacle(first)}`;
      return `  ${printable(vm.name)}${why}\n`;
    });
    return [`\n${head}  ${upgrade.reason}\n`, ...who].join('');
  }
  return [
    '\nin this order\n',
    ...upgrade.steps.map(({ host, moves }, at) => {
      const away = moves.map(({ vm, to }) => `${vm.name} → ${to.name}`).join(', ');
      return `  ${at + 1}  ${printable(host.name)}${away === '' ? '' : `  first ${printable(away)}`}\n`;
    }),
  ].join('');
}
