import type { VmsResult } from '@cpu-atlas/contract';

type VmGroup = VmsResult['groups'][number];

/** A VM that can go elsewhere than before. `homeless`: the host that it runs on is gone. */
export interface VmChange {
  readonly vm: string;
  readonly effect: 'stuck' | 'homeless' | 'freed' | 'narrower' | 'wider';
  readonly targetsBefore: number;
  readonly targetsAfter: number;
  /** What keeps it from the nearest host afterwards. */
  readonly reason: string;
}

/** VMs by name; of several with one name each has its number. */
function byName({ groups }: VmsResult): ReadonlyMap<string, VmGroup> {
  const named = new Map<string, VmGroup>();
  const seen = new Map<string, number>();
  for (const group of groups) {
    for (const vm of group.vms) {
      const count = (seen.get(vm) ?? 0) + 1;
      seen.set(vm, count);
      named.set(count === 1 ? vm : `${vm} (${count})`, group);
    }
  }
  return named;
}

const order = ['stuck', 'homeless', 'freed', 'narrower', 'wider'] as const satisfies readonly VmChange['effect'][];

/** What a change does to VMs: two answers about the same list, before and after. */
export function compareVms(before: VmsResult, after: VmsResult): readonly VmChange[] {
  const is = byName(after);
  const changes = [...byName(before)].flatMap(([vm, had]): readonly VmChange[] => {
    const has = is.get(vm);
    const counts = { vm, targetsBefore: had.targets, targetsAfter: has?.targets ?? 0 };
    if (has === undefined) return [{ effect: 'homeless', ...counts, reason: 'its host is not among those that stay' }];
    if (had.targets === has.targets) return [];
    const effect =
      has.targets === 0 ? 'stuck' : had.targets === 0 ? 'freed' : has.targets > had.targets ? 'wider' : 'narrower';
    return [{ effect, ...counts, reason: effect === 'stuck' || effect === 'narrower' ? nearestReason(has) : '' }];
  });
  return changes.sort((a, b) => order.indexOf(a.effect) - order.indexOf(b.effect) || (a.vm < b.vm ? -1 : 1));
}

function nearestReason({ reach }: VmGroup): string {
  const closed = reach.filter(({ answer }) => answer !== 'yes');
  const [nearest] = [...closed].sort((a, b) => a.obstacles.length - b.obstacles.length);
  return nearest?.obstacles.map(({ name, reason }) => (name === '' ? reason : name)).join(' ') ?? '';
}
