import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkoutRoot } from './oracle/oracle-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'cpu-atlas-proof-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const headings = (page: string): string[] => page.split('\n').filter((line) => line.startsWith('#'));

async function makeQuickPage(): Promise<{ readonly code: number | null; readonly err: string; readonly page: string }> {
  const out = join(folder, 'proof.md');
  const child = spawn(process.execPath, ['scripts/proof.mjs', '--quick', '--out', out], {
    cwd: checkoutRoot,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, err, page: readFileSync(out, 'utf8') };
}

describe('npm run proof', () => {
  it('measures a few of everything and writes a page like docs/proof.md', async () => {
    const { code, err, page } = await makeQuickPage();
    expect(code, err).toBe(0);
    expect(page).toContain('A quick run');
    expect(page).not.toMatch(/NaN|undefined|\[object/);
    expect(page).toContain('`packages/importer/src/zip/read-archive.test.ts`');
    expect(headings(page)).toEqual(headings(readFileSync(join(checkoutRoot, 'docs', 'proof.md'), 'utf8')));
  }, 300_000);

  it('docs/proof.md is of a whole run in which nothing differed or failed', () => {
    const page = readFileSync(join(checkoutRoot, 'docs', 'proof.md'), 'utf8');
    expect(page).not.toContain('A quick run');
    expect(page).toMatch(/^\| recorded answers of real QEMUs +\| +[\d,]{6,} +\| +0, and \d+ known/m);
    expect(page).toMatch(
      /^\| QEMUs that were launched for this page +\| +[\d,]{3,} +\| +0, and 0 that could not be told/m,
    );
    expect(page).not.toContain('**failed**');
    const failed = [...page.matchAll(/^\| `[^`]+` +\| +\d+ +\| +(\d+)/gm)].map(([, count]) => count);
    expect(failed.length).toBeGreaterThan(10);
    expect(new Set(failed)).toEqual(new Set(['0']));
  });
});
