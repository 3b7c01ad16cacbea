import { describe, expect, it } from 'vitest';
import { createTray } from './tray.ts';

function memory(text: string | null = null) {
  let stored = text;
  return { getItem: () => stored, setItem: (_: string, value: string) => void (stored = value) };
}

describe('the compare tray', () => {
  it('puts an item in, tells those who listen, and takes it out again', () => {
    const tray = createTray(memory());
    const seen: (readonly string[])[] = [];
    tray.subscribe(() => seen.push(tray.current()));
    tray.toggle({ kind: 'model', name: 'EPYC' });
    tray.toggle({ kind: 'model', name: 'EPYC' });
    expect(seen).toEqual([['model:EPYC'], []]);
  });

  it('keeps the newest eight', () => {
    const tray = createTray(memory());
    for (let at = 0; at < 10; at++) tray.toggle({ kind: 'host', id: String(at) });
    expect(tray.current()).toHaveLength(8);
    expect(tray.current().at(-1)).toBe('host:9');
  });

  it('survives a reload', () => {
    const storage = memory();
    createTray(storage).toggle({ kind: 'model', name: 'EPYC' });
    expect(createTray(storage).current()).toEqual(['model:EPYC']);
  });

  it.each([
    ['no JSON', '{'],
    ['something that is no list', '{"a":1}'],
    ['items of no known kind', '["pool:x",7]'],
  ])('starts empty from %s', (_, stored) => {
    expect(createTray(memory(stored)).current()).toEqual([]);
  });
});
