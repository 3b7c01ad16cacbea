import type { FreshnessState } from './freshness.ts';
import type { HostIndex } from './host-index.ts';

export interface FreshnessChange {
  readonly hostId: string;
  readonly freshness: FreshnessState;
}

/**
 * Looks every `everyMs` for hosts whose freshness is another than at the look before, since the first look. Nobody writes
 * when a host falls silent, so it has to be looked for.
 */
export function watchFreshness(
  index: HostIndex,
  everyMs: number,
  onChanges: (changes: readonly FreshnessChange[]) => void,
): () => void {
  let before: ReadonlyMap<string, FreshnessState> | null = null;
  const look = (): void => {
    const now = new Map(index.all().map((host) => [host.row.id, index.freshnessOf(host).state]));
    const known = before;
    before = now;
    if (known === null) return;
    const changes = [...now].flatMap(([hostId, freshness]) => {
      const was = known.get(hostId);
      // A host that was not there before is told as new.
      return was === undefined || was === freshness ? [] : [{ hostId, freshness }];
    });
    if (changes.length > 0) onChanges(changes);
  };
  look();
  const timer = setInterval(look, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
