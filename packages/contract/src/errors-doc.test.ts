import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorTable } from './problem.ts';

const text = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
const documented = [...text.matchAll(/^\| `([A-Z_]+)` +\| (\d+) +\| (\d) +\| (.+?) +\| (.+?) +\|$/gm)].map(
  ([, code, status, exit, meaning, remedy]) => ({ code, status: Number(status), exit: Number(exit), meaning, remedy }),
);

describe('docs/errors.md', () => {
  it('lists exactly the codes of the error table, each once', () => {
    expect(documented.map((row) => row.code).sort()).toEqual(Object.keys(errorTable).sort());
  });

  it.each(Object.entries(errorTable))('tells the HTTP status and the exit code of %s', (code, { status, exit }) => {
    expect(documented.find((row) => row.code === code)).toMatchObject({ status, exit });
  });

  it('says for each code what it means and what to do', () => {
    for (const row of documented) expect([row.meaning, row.remedy].join(' ').length).toBeGreaterThan(40);
  });
});
