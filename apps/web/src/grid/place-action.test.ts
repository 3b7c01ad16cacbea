import { describe, expect, it } from 'vitest';
import type { GridHead } from './grid-model.ts';
import { actionAt } from './place-action.ts';

const head = (change: Partial<GridHead>): GridHead => ({
  key: '',
  label: '',
  note: '',
  title: '',
  fold: 'none',
  count: 1,
  isGroup: false,
  isNested: false,
  isDimmed: false,
  ...change,
});
const family = head({ isGroup: true, fold: 'open' });
const folded = head({ fold: 'closed', count: 4 });
const byModel = { rows: [family, head({})], columns: [folded, head({})] };
const transposed = { rows: [folded, head({})], columns: [family, head({})] };

describe('actionAt', () => {
  it.each([
    ['a cell explains', byModel, { row: 1, column: 1 }, { kind: 'explain', place: { row: 1, column: 1 } }],
    [
      'a cell of a folded column explains',
      byModel,
      { row: 1, column: 0 },
      { kind: 'explain', place: { row: 1, column: 0 } },
    ],
    ['a cell of a family folds it', byModel, { row: 0, column: 1 }, { kind: 'fold', axis: 'row', index: 0 }],
    ['the head of a family folds it', byModel, { row: 0, column: -1 }, { kind: 'fold', axis: 'row', index: 0 }],
    [
      'the head of a model explains its first cell',
      byModel,
      { row: 1, column: -1 },
      { kind: 'explain', place: { row: 1, column: 0 } },
    ],
    [
      'the head of a folded column unfolds it',
      byModel,
      { row: -1, column: 0 },
      { kind: 'fold', axis: 'column', index: 0 },
    ],
    ['the head of a single column does nothing', byModel, { row: -1, column: 1 }, { kind: 'none' }],
    [
      'transposed, a folded row head unfolds',
      transposed,
      { row: 0, column: -1 },
      { kind: 'fold', axis: 'row', index: 0 },
    ],
    [
      'transposed, the column of a family folds it',
      transposed,
      { row: 1, column: 0 },
      { kind: 'fold', axis: 'column', index: 0 },
    ],
    [
      'transposed, a row head explains the first model, not the family',
      transposed,
      { row: 1, column: -1 },
      { kind: 'explain', place: { row: 1, column: 1 } },
    ],
  ])('%s', (_name, model, place, expected) => {
    expect(actionAt(model, place)).toEqual(expected);
  });
});
