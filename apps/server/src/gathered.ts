/**
 * Asks for all keys that come within one turn of the event loop together. `lookUp` starts after the last of them came;
 * its fault is the fault of all.
 */
export function gathered<Key, Value>(
  lookUp: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>,
): (key: Key) => Promise<Value | undefined> {
  let open: { readonly keys: Set<Key>; readonly found: Promise<ReadonlyMap<Key, Value>> } | null = null;

  const begin = (): NonNullable<typeof open> => {
    const keys = new Set<Key>();
    const found = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      open = null;
      return lookUp([...keys]);
    });
    return { keys, found };
  };

  return async (key) => {
    open ??= begin();
    open.keys.add(key);
    return (await open.found).get(key);
  };
}
