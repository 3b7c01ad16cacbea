/**
 * What Atlas exports about the demo fleet, byte for byte, as `cpu-atlas` writes it. After a wanted change:
 *
 *     CPU_ATLAS_RENEW_GOLDEN=1 npx vitest run e2e/golden.test.ts && git diff e2e/golden
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findChromium } from '../apps/server/src/reports/find-chromium.ts';
import { runCli, useFolder } from '../apps/cli/src/testing/run-cli.ts';
import { checkoutRoot } from './oracle/oracle-files.ts';
import { describePdf, describeWorkbook } from './testing/opened-reports.ts';

const golden = join(checkoutRoot, 'e2e', 'golden');
const isRenewing = process.env['CPU_ATLAS_RENEW_GOLDEN'] === '1';
const renewal = 'it differs from e2e/golden; renew with CPU_ATLAS_RENEW_GOLDEN=1 npx vitest run e2e/golden.test.ts';
const place = useFolder();
const timeoutMs = 60_000;

const folder = join(checkoutRoot, 'data', 'snapshots');
const fleet = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => join(folder, name));
const hosts = (...names: readonly string[]): string[] => names.map((name) => join(folder, `${name}.json`));

/** The file as it was written last, or as it is now where it is renewed. */
function goldenText(name: string, now: string): string {
  const path = join(golden, name);
  if (isRenewing) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, now);
  }
  return readFileSync(path, 'utf8');
}

/** Writes it twice, by two processes. */
async function writeTwice(args: readonly string[], format: string): Promise<Buffer> {
  const files = ['first', 'second'].map((name) => join(place.folder, `${name}.${format}`));
  for (const out of files) {
    const { code, err } = await runCli(['export', ...args, '--format', format, '--out', out]);
    expect([code, err]).toEqual([0, '']);
  }
  const [first, second] = files.map((file) => readFileSync(file));
  expect(first.equals(second), 'two runs are equal byte for byte').toBe(true);
  return first;
}

const asked = ['--catalog', '10.0'];
const machines = ['--machines', 'pc-q35-10.0', 'pc-q35-7.2'];
const models = ['--models', 'qemu64', 'Nehalem', 'Skylake-Server', 'EPYC-Milan'];
const pivot = ['pivot', ...fleet, ...asked, ...machines.slice(0, 2), ...models, '--rows', 'host', '--columns', 'model'];
const few = hosts('lab-epyc-6.1', 'lab-epyc-milan-6.1', 'lab-opteron_g3-6.1');
const before = join(folder, 'earlier', 'xeon-e3-1245-v5.json');

const reports: readonly { readonly name: string; readonly args: readonly string[] }[] = [
  { name: 'hosts', args: ['hosts', ...fleet] },
  { name: 'matrix', args: ['matrix', ...few.slice(0, 1), ...asked, ...machines, ...models] },
  { name: 'comparison', args: ['comparison', before, ...hosts('xeon-e3-1245-v5'), ...asked] },
  { name: 'baseline', args: ['baseline', ...few, ...asked] },
  { name: 'choices', args: ['choices', ...few, ...asked, '--limit', '8'] },
  { name: 'security', args: ['security', ...few, ...asked, '--cpu', 'EPYC-v4'] },
];

const noChromium = (await findChromium()) === null;

describe('exports of the demo fleet are as they were', () => {
  it.each(['csv', 'md', 'json', 'html'])(
    'models × hosts as %s, made twice',
    async (format) => {
      const text = (await writeTwice(pivot, format)).toString('utf8');
      expect(text, renewal).toBe(goldenText(`pivot.${format}`, text));
    },
    timeoutMs,
  );

  it(
    'models × hosts as XLSX, opened again',
    async () => {
      const text = await describeWorkbook(await writeTwice(pivot, 'xlsx'));
      expect(text, renewal).toBe(goldenText('pivot.xlsx.txt', text));
    },
    timeoutMs,
  );

  it.skipIf(noChromium)(
    'models × hosts as PDF: no column is cut off (skipped: no Chromium)',
    async () => {
      // Turned: a column for each host, more than A4 has room for.
      const { pages, width, height, title } = describePdf(await writeTwice(pivot.slice(0, -4), 'pdf'));
      expect(title).toBe('Model × hosts');
      expect(pages).toBeGreaterThan(1);
      expect(width).toBeGreaterThan(842);
      expect(width / height).toBeCloseTo(Math.SQRT2, 1);
      const narrow = describePdf(await writeTwice(['hosts', ...few.slice(0, 1)], 'pdf'));
      expect([narrow.pages, narrow.width < width]).toEqual([1, true]);
    },
    timeoutMs * 2,
  );

  it.each(reports)(
    '$name as Markdown',
    async ({ name, args }) => {
      const { code, out, err } = await runCli(['export', ...args, '--format', 'md']);
      expect([code, err]).toEqual([0, '']);
      expect(out, renewal).toBe(goldenText(`${name}.md`, out));
    },
    timeoutMs,
  );
});

describe('policies for hosts of the demo fleet are as they were', () => {
  it.each(['EPYC-v4,-xsaves,+vpclmulqdq', 'Skylake-Server-v4'])(
    '%s for every target, made twice',
    async (cpu) => {
      const args = ['policy', ...few, ...asked, '--cpu', cpu, '--libvirt', '11.3.0', '--format', 'json'];
      const [first, second] = [await runCli(args), await runCli(args)];
      expect(first).toEqual(second);
      expect(first.err).toBe('');
      const { policies } = JSON.parse(first.out) as {
        policies: { target: string; fileName: string; text: string; verdict: string; lint: unknown[] }[];
      };
      expect(policies.length).toBeGreaterThan(9);
      for (const { target, fileName, text, verdict, lint } of policies) {
        const judged = [verdict, ...lint.map((finding) => JSON.stringify(finding))].map((line) => `=== ${line}\n`);
        const whole = `=== ${fileName}\n${text}${judged.join('')}`;
        expect(whole, renewal).toBe(goldenText(join('policies', `${cpu.split(',')[0]}.${target}.txt`), whole));
      }
    },
    timeoutMs,
  );
});
