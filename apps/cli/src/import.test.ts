import { readFile, readdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSnapshotText } from '@cpu-atlas/contract';
import { zipSync } from 'fflate';
import { afterEach, describe, expect, it } from 'vitest';
import { expectFault, runCli, useFolder } from './testing/run-cli.ts';

const place = useFolder();
const corpus = fileURLToPath(new URL('../../../packages/importer/corpus/', import.meta.url));
const gold = join(corpus, 'cpuid-one-xeon-gold-6148.txt');
const cpuinfo = join(corpus, 'cpuinfo-xeon-gold-5115.txt');

describe('import', () => {
  it('prints a snapshot that other commands take, named after its file', async () => {
    const { code, out, err } = await runCli(['import', gold]);
    expect(code).toBe(0);
    expect(err).toMatch(/^\S+cpuid-one-xeon-gold-6148\.txt: the dump is of one CPU; .+$/m);
    expect(parseSnapshotText(out, 'out').host).toMatchObject({ name: 'cpuid-one-xeon-gold-6148' });
  });

  it('reads stdin, and takes a name and labels', async () => {
    const text = await readFile(cpuinfo, 'utf8');
    const { code, out, err } = await runCli(
      ['import', '-', '--name', 'node-a', '--label', 'rack=r1', '--label', 'row=2'],
      text,
    );
    expect(code).toBe(0);
    expect(err).toMatch(/^stdin: /);
    const { host, hardware } = parseSnapshotText(out, 'out');
    expect([host.name, host.labels, hardware]).toEqual([
      'node-a',
      { rack: 'r1', row: '2' },
      expect.objectContaining({ partial: true }),
    ]);
  });

  it('writes a file for each host, and the good ones of an archive with a bad one', async () => {
    const [one, two] = [await readFile(gold), await readFile(cpuinfo)];
    const archive = join(place.folder, 'hosts.zip');
    await writeFile(
      archive,
      zipSync({ 'r1/node-a.txt': one, 'r1/node-b.txt': two, 'r1/node-c.txt': Buffer.from('x') }),
    );
    const folder = join(place.folder, 'written');
    const { code, out, err } = await runCli(['import', archive, '--out', folder, '--format', 'table']);
    expect(code).toBe(2);
    expect(err).toMatch(/^IMPORT_FORMAT_UNKNOWN: .*node-c\.txt: .+$/m);
    expect((await readdir(folder)).sort()).toEqual(['hosts-r1-node-a.json', 'hosts-r1-node-b.json']);
    expect(out.split('\n').filter((line) => line !== '')).toHaveLength(2);
    const text = await readFile(join(folder, 'hosts-r1-node-a.json'), 'utf8');
    expect(parseSnapshotText(text, 'written').host.name).toBe('hosts/r1/node-a');
  });

  it('goes on after a file that cannot be imported, and exits 2', async () => {
    const bad = join(place.folder, 'bad.txt');
    await writeFile(bad, 'hello');
    const { code, out, err } = await runCli(['import', bad, gold]);
    expect([code, out.split('\n')]).toEqual([2, [expect.stringContaining('"schema"'), '']]);
    expect(err).toMatch(/^IMPORT_FORMAT_UNKNOWN: /);
  });

  it.each([
    { name: 'a file that is not there', args: ['/nonexistent'], code: 'FILE_UNREADABLE' },
    { name: 'a folder', args: [corpus], code: 'FILE_UNREADABLE' },
    { name: 'a file without end', args: ['/dev/zero'], code: 'IMPORT_TOO_LARGE' },
    { name: 'prose', args: [join(corpus, 'hostile/prose.txt')], code: 'IMPORT_FORMAT_UNKNOWN' },
    { name: 'no file', args: [], code: 'USAGE_INVALID' },
    { name: 'a label without a value', args: [gold, '--label', 'rack'], code: 'USAGE_INVALID' },
    { name: 'a dry run of nothing', args: [gold, '--dry-run'], code: 'USAGE_INVALID' },
    { name: 'two places', args: [gold, '--out', 'x', '--hub', 'http://127.0.0.1:1'], code: 'USAGE_INVALID' },
    { name: 'a hub that is no address', args: [gold, '--hub', 'ftp://x'], code: 'USAGE_INVALID' },
    { name: 'a secret in an address', args: [gold, '--hub', 'http://u:secret@x'], code: 'USAGE_INVALID' },
  ])('refuses $name with $code', async ({ args, code }) => {
    expectFault(await runCli(['import', ...args]), code);
  });

  it('does not show a secret that stood in an address', async () => {
    const { err } = await runCli(['import', gold, '--hub', 'http://u:hunter2@127.0.0.1:1']);
    expect(err).not.toContain('hunter2');
  });
});

describe('import --hub', () => {
  let hub: Server | null = null;
  afterEach(() => new Promise<void>((resolve) => (hub === null ? resolve() : hub.close(() => resolve()))));

  /** A server that remembers what it was asked, and answers so. */
  async function startHub(status: number, answer: unknown, headers: Record<string, string> = {}) {
    const asked: { url: string; authorization: string | undefined; body: string }[] = [];
    hub = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { url = '', headers: given } = request;
        asked.push({ url, authorization: given.authorization, body: Buffer.concat(chunks).toString('utf8') });
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => hub?.listen(0, '127.0.0.1', resolve));
    const address = hub.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return { url: `http://127.0.0.1:${address.port}`, asked };
  }

  const hash = `sha256:${'0'.repeat(64)}`;
  const done = {
    format: 'cpuid-raw',
    isDryRun: true,
    hosts: [
      {
        id: 'import:node-a',
        name: 'node-a',
        outcome: 'new-host',
        snapshotHash: hash,
        fingerprint: hash,
        collectedAt: '2026-11-22T13:00:00Z',
        knows: { hardware: 'whole', kvm: false, qemu: false },
      },
    ],
    notes: [],
    refused: [],
  };

  it('sends the bytes with what was told about them, and the token of a file', async () => {
    const tokenFile = join(place.folder, 'token');
    await writeFile(tokenFile, 'cpuatlas_secret\n');
    const { url, asked } = await startHub(200, done);
    const options = ['--hub', `${url}/atlas`, '--label', 'rack=r 1', '--dry-run', '--replace'];
    const { code, out } = await runCli(['import', gold, ...options, '--token-file', tokenFile]);
    expect([code, JSON.parse(out)]).toEqual([0, done]);
    expect(asked).toEqual([
      {
        url: '/atlas/api/v1/imports?name=cpuid-one-xeon-gold-6148&labels=rack%3Dr+1&dryRun=true&replace=true',
        authorization: 'Bearer cpuatlas_secret',
        body: await readFile(gold, 'utf8'),
      },
    ]);
  });

  it('tells the fault of the server with its own code', async () => {
    const { url } = await startHub(409, {
      type: 'urn:cpu-atlas:error:IMPORT_CONFLICT',
      title: 'x',
      status: 409,
      code: 'IMPORT_CONFLICT',
      detail: 'the host joined',
    });
    expectFault(await runCli(['import', gold, '--hub', url]), 'IMPORT_CONFLICT');
  });

  it.each([
    { name: 'something else', status: 200, answer: { hello: 1 }, headers: {} },
    { name: 'an error page', status: 500, answer: 'oops', headers: {} },
    { name: 'a redirect', status: 302, answer: {}, headers: { location: 'http://127.0.0.1:1/' } },
  ])('exits 3 where the server answers $name', async ({ status, answer, headers }) => {
    const { url } = await startHub(status, answer, headers);
    expectFault(await runCli(['import', gold, '--hub', url]), 'HUB_UNREACHABLE', 3);
  });

  it('exits 3 where nobody listens', async () => {
    expectFault(await runCli(['import', gold, '--hub', 'http://127.0.0.1:1']), 'HUB_UNREACHABLE', 3);
  });
});
