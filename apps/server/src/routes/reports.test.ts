import { existsSync } from 'node:fs';
import excel from 'exceljs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../reports/find-chromium.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
}, 60_000);
afterAll(() => server.close());

const ask = (body: object) => server.app.inject({ method: 'POST', url: '/api/v1/reports', payload: body });
const machines = ['pc-q35-10.0', 'pc-q35-7.2'];
const matrix = { kind: 'matrix', models: ['EPYC-Milan', 'EPYC-v4', 'Skylake-Server'], machines };

describe('POST /api/v1/reports', () => {
  it.each([
    ['matrix', {}],
    ['pivot', { machines, models: ['EPYC-Milan'] }],
    ['pivot', { rows: 'machine', columns: 'model', models: ['EPYC-Milan'], isSplit: true }],
    ['hosts', {}],
    ['security', { model: 'EPYC-Milan' }],
    ['choices', { models: ['EPYC-Milan', 'qemu64'] }],
    ['baseline', {}],
  ])('%s names what it was made from, and no time of its writing: %j', async (kind, options) => {
    const asked = { kind, ...options, format: 'json' };
    const [first, second] = [await ask(asked), await ask(asked)];
    expect(first.statusCode).toBe(200);
    expect(first.headers['content-disposition']).toMatch(/^attachment; filename="[a-z0-9.-]+\.json"$/);
    expect(first.body).toBe(second.body);
    const report = first.json<{
      facts: { name: string; value: string }[];
      tables: { name: string; rows: unknown[][] }[];
    }>();
    expect(report.facts).toContainEqual({ name: 'CPU Atlas', value: '0.0.0-test' });
    expect(report.facts.find(({ name }) => name === 'QEMU')?.value).toMatch(/^10\.0/);
    const snapshots = report.tables.at(-1);
    expect(snapshots).toMatchObject({ name: 'Snapshots' });
    expect(JSON.stringify(snapshots?.rows)).toMatch(/sha256:[0-9a-f]{64}/);
    expect(report.tables[0].rows.length).toBeGreaterThan(0);
  });

  it('the cells of a matrix are those of GET /matrix', async () => {
    const { tables } = (await ask({ ...matrix, format: 'json' })).json<{
      tables: { columns: { head: string }[]; rows: (string | { status: string; filtered: number })[][] }[];
    }>();
    const reply = await server.app.inject('/api/v1/matrix?accel=kvm');
    const whole = reply.json<{
      models: { name: string }[];
      columns: { machines: string[] }[];
      status: number[];
      filteredCount: number[];
    }>();
    const column = whole.columns.findIndex((each) => each.machines.includes('pc-q35-10.0'));
    const place = tables[0].columns.findIndex(({ head }) => head.split(' ').includes('pc-q35-10.0'));
    expect(tables[0].rows).toHaveLength(3);
    for (const row of tables[0].rows) {
      const at = whole.models.findIndex(({ name }) => name === row[2]) * whole.columns.length + column;
      const status = ['runnable', 'filtered', 'refused', 'unknown', 'not-offered'][whole.status[at]];
      expect(row[place]).toEqual({ status, filtered: whole.filteredCount[at] });
    }
  });

  it('an XLSX is the same byte for byte, and opens with typed cells, colours and frozen heads', async () => {
    const first = await ask({ ...matrix, format: 'xlsx' });
    // The archive keeps times in steps of two seconds.
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    const second = await ask({ ...matrix, format: 'xlsx' });
    expect(first.rawPayload.equals(second.rawPayload)).toBe(true);
    const workbook = new excel.Workbook();
    await workbook.xlsx.load(new Uint8Array(first.rawPayload).buffer);
    expect(workbook.worksheets.map(({ name }) => name)).toEqual(['About', server.snapshot.host.name, 'Snapshots']);
    const sheet = workbook.worksheets[1];
    expect(sheet.views[0]).toMatchObject({ state: 'frozen', ySplit: 1, xSplit: 4 });
    expect(sheet.getRow(1).getCell(3).value).toBe('Model');
    const outcomes = [2, 3, 4].map((row) => sheet.getRow(row).getCell(5));
    expect(outcomes.some(({ value }) => value === '●' || typeof value === 'number')).toBe(true);
    for (const cell of outcomes) expect(cell.fill).toMatchObject({ type: 'pattern', pattern: 'solid' });
    expect(workbook.worksheets[2].getRow(2).getCell(3).value).toBeInstanceOf(Date);
  });

  it('a preview is cut', async () => {
    const { tables, remarks } = (await ask({ kind: 'matrix', format: 'json', maxRows: 2 })).json<{
      tables: { rows: unknown[] }[];
      remarks: string[];
    }>();
    expect(tables[0].rows).toHaveLength(2);
    expect(remarks.join()).toMatch(/preview/);
  });

  it.each([
    ['a host that is not there', { kind: 'matrix', hosts: ['nobody'], format: 'csv' }, 404, 'HOST_NOT_FOUND'],
    ['an axis twice', { kind: 'pivot', rows: 'host', columns: 'host', format: 'csv' }, 400, 'REQUEST_INVALID'],
    ['a kind that is none', { kind: 'all', format: 'csv' }, 400, 'REQUEST_INVALID'],
  ])('%s', async (_, body, status, code) => {
    const reply = await ask(body);
    expect([reply.statusCode, reply.json<{ code: string }>().code]).toEqual([status, code]);
  });
});

const chromium = await findChromium();
describe('as PDF', () => {
  it.skipIf(chromium === null)(
    'is printed by Chromium, the same byte for byte (skipped: no Chromium)',
    { timeout: 60_000 },
    async () => {
      const [first, second] = [await ask({ ...matrix, format: 'pdf' }), await ask({ ...matrix, format: 'pdf' })];
      expect(first.statusCode).toBe(200);
      expect(first.rawPayload.subarray(0, 5).toString()).toBe('%PDF-');
      expect(first.rawPayload.equals(second.rawPayload)).toBe(true);
    },
  );

  it('without a Chromium none is found, and a name that is none is not replaced', async () => {
    expect(await findChromium({ PATH: '/nowhere' })).toBeNull();
    expect(await findChromium({ PATH: process.env['PATH'], CPU_ATLAS_CHROMIUM: '/nowhere/chromium' })).toBeNull();
    expect(chromium === null || existsSync(chromium)).toBe(true);
  });
});

describe('GET /api/v1/security', () => {
  it('judges each flag of the vendor of each host', async () => {
    const reply = await server.app.inject('/api/v1/security?model=EPYC-Milan');
    expect(reply.statusCode).toBe(200);
    const { groups, machine } = reply.json<{
      machine: string;
      groups: { security: { kind: string; flags: { flag: string }[] } }[];
    }>();
    expect(machine).toMatch(/^pc-q35-/);
    expect(groups[0].security.kind).toBe('judged');
    expect(groups[0].security.flags.map(({ flag }) => flag)).toContain('ibpb');
    expect(groups[0].security.flags.map(({ flag }) => flag)).not.toContain('md-clear');
  });

  it('a model that the QEMU does not have is no guest', async () => {
    const reply = await server.app.inject('/api/v1/security?model=EPYC-Milano');
    expect(reply.json()).toMatchObject({ groups: [{ security: { kind: 'no-guest' } }] });
  });
});

describe('POST /api/v1/policies', () => {
  const policies = (body: object) => server.app.inject({ method: 'POST', url: '/api/v1/policies', payload: body });

  it('writes every target, and proves the line on the hosts', async () => {
    const result = (await policies({ cpu: 'qemu64', libvirt: '11.3.0' })).json<{
      proof: { answer: string; total: number };
      policies: { target: string; text: string }[];
    }>();
    expect(result.proof).toMatchObject({ total: 1 });
    expect(result.policies.map(({ target }) => target)).toContain('kubevirt');
    expect(result.policies[0].text).toContain('-cpu qemu64,enforce=on');
  });

  it.each([
    ['a feature that no host gives is a no', { cpu: 'qemu64,+amx-tile' }, 'no'],
    ['of +x and -x the minus counts', { cpu: 'qemu64,-amx-tile,+amx-tile' }, 'yes'],
  ])('%s', async (_, body, answer) => {
    expect((await policies({ ...body, targets: ['qemu'] })).json()).toMatchObject({ proof: { answer } });
  });

  it('a property that is no feature is refused', async () => {
    const reply = await policies({ cpu: 'qemu64,level=13' });
    expect([reply.statusCode, reply.json<{ code: string }>().code]).toEqual([400, 'REQUEST_INVALID']);
  });
});

describe('GET /api/v1/schemas', () => {
  it.each([
    ['models', 'EPYC-Milan'],
    ['machine-types', 'q35'],
    ['features', 'avx2'],
  ])('%s: the names that the QEMU knows, each once', async (kind, known) => {
    const schema = (await server.app.inject(`/api/v1/schemas/${kind}`)).json<{ enum: string[] }>();
    expect(schema.enum).toContain(known);
    expect(new Set(schema.enum).size).toBe(schema.enum.length);
  });
});
