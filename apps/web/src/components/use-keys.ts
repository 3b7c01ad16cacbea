import { useEffect, useRef } from 'react';

/** Keys of a view: `t`, `/`, `?`, `Escape`, `mod+k` (⌘ or Ctrl). */
export type KeyMap = Readonly<Record<string, (event: KeyboardEvent) => void>>;

/** Listens on the whole page, but not while one types or a dialog or list is open. */
export function useKeys(keys: KeyMap): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const action = latest.current[nameKey(event)];
      if (action === undefined || event.defaultPrevented || isOverlaid()) return;
      const isCommand = event.ctrlKey || event.metaKey;
      if (isTyping(event.target) && !isCommand && event.key !== 'Escape') return;
      event.preventDefault();
      action(event);
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
}

/** `mod+k` for ⌘K and Ctrl-K; the key itself otherwise. */
export function nameKey({
  key,
  ctrlKey,
  metaKey,
  altKey,
}: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>): string {
  if (altKey) return '';
  return ctrlKey || metaKey ? `mod+${key.toLowerCase()}` : key;
}

function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && target.type !== 'radio' && target.type !== 'checkbox';
}

function isOverlaid(): boolean {
  return document.querySelector('dialog[open], [popover]:popover-open') !== null;
}
