import { setImmediate as oneTurn, setTimeout as delay } from 'node:timers/promises';

/**
 * Asks for many keys together: those that come within one turn of the event loop, or while the question before is being
 * answered. `lookUp` starts after the last of its keys came; its fault is the fault of all who asked it. `gatherMs`: the
 * first key waits so long for more.
 */
export function gathered<Key, Value>(
  lookUp: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>,
  gatherMs = 0,
): (key: Key) => Promise<Value | undefined> {
  let open: { readonly keys: Set<Key>; readonly found: Promise<ReadonlyMap<Key, Value>> } | null = null;
  let before: Promise<unknown> = Promise.resolve();

  const begin = (): NonNullable<typeof open> => {
    const keys = new Set<Key>();
    const turn = gatherMs === 0 ? oneTurn() : delay(gatherMs);
    const found = Promise.all([turn, before]).then(() => {
      open = null;
      return lookUp([...keys]);
    });
    before = found.catch(() => undefined);
    return { keys, found };
  };

  return async (key) => {
    open ??= begin();
    open.keys.add(key);
    return (await open.found).get(key);
  };
}
