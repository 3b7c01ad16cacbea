import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runCli } from './testing/run-cli.ts';

const snapshot = (name: string): string =>
  fileURLToPath(new URL(`../../../data/snapshots/${name}.json`, import.meta.url));
const milan = snapshot('lab-epyc-milan-6.1');
const rome = snapshot('lab-rome-a');
const forced = snapshot('lab-forced-milan-6.1');
const cpuinfoOnly = snapshot('atom-d510');
const cell = ['--host', milan, '--catalog', '10.0', '--machine', 'pc-q35-10.0', '--cpu', 'EPYC-Milan'];

/** Fields of CSV text that ends with a line end, by RFC 4180. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    if (end === '') break;
    rows.at(-1)?.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ',') rows.push([]);
  }
  return rows.filter((row) => row.length > 0);
}

/** The first table, up to the empty line before the facts, and the same answer as JSON and as Markdown. */
async function tell(args: readonly string[], input = '') {
  const [csv, json, md] = await Promise.all(
    ['csv', 'json', 'md'].map((format) => runCli([...args, '--format', format], input)),
  );
  if (csv === undefined || json === undefined || md === undefined) throw new Error('no answer');
  expect([csv.code, md.code], csv.err + md.err).toEqual([json.code, json.code]);
  const [head = [], ...rows] = readCsv(`${csv.out.split(/\r?\n\r?\n/)[0] ?? ''}\n`);
  const lines = md.out.split('\n');
  const ruler = lines.findIndex((line) => /^\|(?: --- \|)+$/.test(line));
  const drawn = lines.slice(ruler + 1, lines.indexOf('', ruler));
  expect(drawn, 'as many rows in Markdown').toHaveLength(rows.length);
  const records = rows.map((row) => Object.fromEntries(head.map((name, at) => [name, row[at]])));
  expect(rows.every((row) => row.length === head.length)).toBe(true);
  return { rows: records, json: JSON.parse(json.out), md: md.out };
}

describe('answers as CSV and Markdown', () => {
  it('resolve: each feature, with what withholds it', async () => {
    const { rows, json, md } = await tell(['resolve', ...cell, '--explain']);
    expect(rows.map((row) => row['Feature'])).toEqual(json.features.map(({ name }: { name: string }) => name));
    const withheld = rows.filter((row) => row['State'] === 'filtered');
    expect(withheld.length).toBeGreaterThan(5);
    expect(withheld.every((row) => row['Layer'] !== '' && row['What to do'] !== '')).toBe(true);
    expect(md).toContain('- Status: filtered');
  });

  it('compare: each host; one of which the kernel is not told is unknown', async () => {
    const { rows, json } = await tell(['compare', milan, rome, cpuinfoOnly, '--model', 'EPYC-Milan']);
    expect(rows.map((row) => [row['Host'], row['libvirt']])).toEqual(
      json.hosts.map(({ host, comparison }: { host: string; comparison: { outcome: string } }) => [
        host,
        comparison.outcome,
      ]),
    );
    expect(rows.map((row) => row['libvirt'])).toContain('unknown');
    expect(rows.find((row) => row['libvirt'] === 'unknown')).toMatchObject({ 'Host model': 'unknown' });
  });

  it('compare: --exit-code says what is so without it', async () => {
    const asked = ['compare', milan, '--model', 'EPYC-Milan'];
    const codes = await Promise.all([asked, [...asked, '--exit-code']].map(async (args) => (await runCli(args)).code));
    expect(codes).toEqual([1, 1]);
  });

  it('baseline: each vendor, found, none or unknown', async () => {
    const { rows, json } = await tell(['baseline', milan, rome]);
    expect(rows).toMatchObject([{ Vendor: 'AuthenticAMD', Outcome: 'found', CPU: json.vendors[0].cpu, Hosts: '2' }]);
    const mixed = await tell(['baseline', milan, cpuinfoOnly]);
    expect(mixed.rows).toMatchObject([{ Outcome: 'unknown', CPU: 'unknown', 'Hosts that answer': '1', Hosts: '2' }]);
  });

  it('guest-cpuid: each leaf, and each register that differs elsewhere', async () => {
    const { rows, json } = await tell(['guest-cpuid', ...cell]);
    expect(rows.map((row) => [row['Leaf'], row['Subleaf'], row['EAX']])).toEqual(
      json.entries.map((entry: { leaf: string; subleaf: number; eax: string }) => [
        entry.leaf,
        String(entry.subleaf),
        entry.eax,
      ]),
    );
    const other = await tell(['guest-cpuid', ...cell, '--with', rome]);
    expect(other.rows).toHaveLength(other.json.differences.length);
    expect(other.md).toContain(`- Verdict: ${other.json.verdict}`);
  });

  it('plan: each model, each host of each pool, each way of each VM', async () => {
    const choices = await tell(['plan', 'choices', milan, rome, cpuinfoOnly, '--limit', '5']);
    expect(choices.rows.map((row) => [row['Model'], row['CPU'], row['Every host starts it']])).toEqual(
      choices.json.choices.map((choice: { model: string; line: { cpu: string }; proof: { answer: string } }) => [
        ...[choice.model, choice.line.cpu, choice.proof.answer],
      ]),
    );
    expect(
      choices.rows.every((row) => row['Not known'] !== '0'),
      'the host of cpuinfo is unknown',
    ).toBe(true);
    const pools = await tell(['plan', 'pools', milan, rome]);
    expect(new Set(pools.rows.map((row) => row['Host']))).toEqual(new Set(['lab-epyc-milan-6.1', 'lab-rome-a']));
    const effects = await tell(['plan', 'what-if', milan, '--add', forced]);
    expect(effects.rows.length).toBeGreaterThan(0);
    expect(effects.rows.map((row) => row['Effect'])).toEqual(
      effects.json.models.map(({ effect }: { effect: string }) => effect),
    );
    const list = 'name,host,machine,cpu\nweb,lab-epyc-milan-6.1,pc-q35-7.2,EPYC-v1\n';
    const ways = await tell(['plan', 'vms', milan, rome, '--list', '-', '--drain', 'lab-epyc-milan-6.1'], list);
    type Way = { readonly hosts: readonly { readonly name: string }[]; readonly answer: string };
    const told = ways.json.groups[0].reach.flatMap(({ hosts, answer }: Way) => hosts.map(({ name }) => [name, answer]));
    expect(told.length).toBeGreaterThan(0);
    expect(ways.rows.map((row) => [row['VM'], row['To'], row['Can go']])).toEqual(
      told.map((way: readonly string[]) => ['web', ...way]),
    );
    expect(ways.md).toContain('## Drain');
  });

  it('decode: each feature of each message, and text that a spreadsheet would run is quoted', async () => {
    const text = "=cmd|'/c calc'!A1 host doesn't support requested feature: CPUID.07H:EBX.hle [bit 4]\nnoise\n";
    const { rows, md } = await tell(['decode'], text);
    expect(rows).toMatchObject([{ Feature: 'hle', Role: 'missing', Bit: 'CPUID.07H.0:EBX[4]', Line: '1' }]);
    expect(rows[0]?.['Text']).toMatch(/^'=/);
    expect(md).toContain('1 other lines were not recognised');
  });

  it('another format is refused with those that there are', async () => {
    const { code, err } = await runCli(['decode', '--format', 'html']);
    expect(code).toBe(2);
    expect(err).toMatch(/table, json, csv, md/);
  });
});
