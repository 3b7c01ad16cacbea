import { createContext, use, useMemo, useSyncExternalStore } from 'react';
import { formatItem, itemLimit, parseItem } from './compare-items.ts';
import type { CompareItem } from './compare-items.ts';

/** What was put aside to be compared, in this window. */
export interface CompareTray {
  /** As `formatItem` writes them. */
  readonly current: () => readonly string[];
  /** Puts an item in, or takes it out when it is in; a full tray drops its oldest item. */
  readonly toggle: (item: CompareItem) => void;
  readonly replace: (items: readonly string[]) => void;
  readonly subscribe: (onChange: () => void) => () => void;
}

const storageKey = 'cpu-atlas.compare';

/** A tray that survives a reload of its window. */
export function createTray(storage: Pick<Storage, 'getItem' | 'setItem'>): CompareTray {
  const listeners = new Set<() => void>();
  let items: readonly string[] = readItems(storage);
  const replace = (next: readonly string[]) => {
    items = next.slice(-itemLimit);
    storage.setItem(storageKey, JSON.stringify(items));
    listeners.forEach((onChange) => onChange());
  };
  return {
    current: () => items,
    toggle: (item) => {
      const text = formatItem(item);
      replace(items.includes(text) ? items.filter((one) => one !== text) : [...items, text]);
    },
    replace: (next) => {
      if (next.join() !== items.join()) replace(next);
    },
    subscribe: (onChange) => {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
  };
}

/** What is stored may be of another version, or of nobody: what is no item is dropped. */
function readItems(storage: Pick<Storage, 'getItem'>): readonly string[] {
  try {
    const stored: unknown = JSON.parse(storage.getItem(storageKey) ?? '[]');
    if (!Array.isArray(stored)) return [];
    return stored.filter((item) => typeof item === 'string' && parseItem(item) !== null).slice(0, itemLimit);
  } catch {
    return [];
  }
}

/** The window's tray; the application provides it. */
export const TrayContext = createContext<CompareTray | null>(null);

export interface Tray extends Omit<CompareTray, 'current' | 'subscribe'> {
  readonly items: readonly string[];
  readonly holds: (item: CompareItem) => boolean;
}

export function useTray(): Tray {
  const tray = use(TrayContext);
  if (tray === null) throw new Error('TrayContext has no provider');
  const items = useSyncExternalStore(tray.subscribe, tray.current);
  return useMemo(
    () => ({ items, toggle: tray.toggle, replace: tray.replace, holds: (item) => items.includes(formatItem(item)) }),
    [items, tray],
  );
}
