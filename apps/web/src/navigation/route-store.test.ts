import { describe, expect, it } from 'vitest';
import type { AddressBar } from './address-bar.ts';
import { createRouteStore } from './route-store.ts';
import type { RouteStore } from './route-store.ts';
import { initialState, routeTo } from './route.ts';
import type { MatrixState } from './route.ts';

/** A history in memory; `pass` lets the delay pass. */
function openPage(path: string) {
  const entries = [path];
  let at = 0;
  let pending: (() => void) | null = null;
  let travelled = () => {};
  const bar: AddressBar = {
    read: () => new URL(entries[at] ?? '/', 'http://127.0.0.1'),
    push: (address) => {
      entries.splice(at + 1, Infinity, address);
      at += 1;
    },
    replace: (address) => {
      entries[at] = address;
    },
    onTravel: (run) => {
      travelled = run;
    },
    onLeave: () => {},
    later: (run) => {
      pending = run;
      return () => {
        pending = null;
      };
    },
  };
  return {
    store: createRouteStore(bar),
    entries,
    pass: () => pending?.(),
    goBack: () => {
      at -= 1;
      travelled();
    },
  };
}

function change(store: RouteStore, state: Partial<MatrixState>, step: 'push' | 'replace') {
  store.navigate(() => ({ view: 'matrix', state: { ...store.lastMatrix().state, ...state } }), step);
}

describe('createRouteStore', () => {
  it('begins where the address says', () => {
    expect(openPage('/hosts').store.current()).toEqual(routeTo('hosts'));
  });

  it('writes the address of a gesture once, when it is over', () => {
    const { store, entries, pass } = openPage('/matrix');
    for (const search of ['e', 'ep', 'epyc']) change(store, { search }, 'replace');
    expect(store.current()).toMatchObject({ state: { search: 'epyc' } });
    expect(entries).toEqual(['/matrix']);
    pass();
    expect(entries).toEqual(['/matrix?search=epyc']);
  });

  it('finishes a gesture before the next step, so that Back returns to its end', () => {
    const { store, entries, goBack } = openPage('/matrix');
    change(store, { search: 'epyc' }, 'replace');
    change(store, { accel: 'tcg' }, 'push');
    expect(entries).toEqual(['/matrix?search=epyc', '/matrix?accel=tcg&search=epyc']);
    goBack();
    expect(store.current()).toMatchObject({ state: { accel: 'kvm', search: 'epyc' } });
  });

  it('forgets an unfinished gesture when one goes back', () => {
    const { store, entries, pass, goBack } = openPage('/matrix');
    change(store, { accel: 'tcg' }, 'push');
    change(store, { search: 'x' }, 'replace');
    goBack();
    pass();
    expect(store.current()).toEqual({ view: 'matrix', state: initialState('matrix') });
    expect(entries).toEqual(['/matrix', '/matrix?accel=tcg']);
  });

  it('remembers where the matrix was left', () => {
    const { store } = openPage('/matrix?accel=tcg');
    store.navigate(() => routeTo('hosts'), 'push');
    expect(store.lastMatrix()).toMatchObject({ state: { accel: 'tcg' } });
  });

  it('makes no step to where one is', () => {
    const { store, entries } = openPage('/matrix');
    change(store, {}, 'push');
    expect(entries).toEqual(['/matrix']);
  });
});
