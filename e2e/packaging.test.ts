import { execFile, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { checkoutRoot } from './oracle/oracle-files.ts';

const read = (path: string): string => readFileSync(join(checkoutRoot, path), 'utf8');
const has = (program: string, argument: string): boolean => spawnSync(program, [argument]).status === 0;
const compose = has('docker-compose', 'version')
  ? ['docker-compose']
  : has('docker', 'compose')
    ? ['docker', 'compose']
    : [];

describe('what Atlas is packed in', () => {
  it('the image copies every workspace’s manifest before it installs', () => {
    const dockerfile = read('Dockerfile');
    for (const folder of ['apps', 'packages']) {
      for (const name of readdirSync(join(checkoutRoot, folder))) {
        if (!statSync(join(checkoutRoot, folder, name)).isDirectory()) continue;
        expect(dockerfile).toContain(`COPY ${folder}/${name}/package.json ${folder}/${name}/`);
      }
    }
    expect(dockerfile).toMatch(/^USER cpu-atlas$/m);
  });

  it.each(['packaging/cpu-atlas.env.example', 'docker-compose.yml', 'packaging/cpu-atlas.service'])(
    '%s names only settings that serve knows',
    (path) => {
      const help = spawnSync(process.execPath, [join(checkoutRoot, 'apps/cli/bin/cpu-atlas.js'), 'serve', '--help'], {
        encoding: 'utf8',
      }).stdout;
      expect(help).toContain('CPU_ATLAS_STORE');
      const used = [...read(path).matchAll(/\bCPU_ATLAS_[A-Z_]+\b/g)].map(([name]) => name);
      const words = help.replaceAll(/\s+/g, ' ');
      expect(used.filter((name) => !words.includes(name))).toEqual([]);
    },
  );

  it('the sample configuration is taken as it is', () => {
    const settings = JSON.parse(read('packaging/cpu-atlas.config.example.json')) as Record<string, unknown>;
    const help = spawnSync(process.execPath, [join(checkoutRoot, 'apps/cli/bin/cpu-atlas.js'), 'serve', '--help'], {
      encoding: 'utf8',
    }).stdout;
    expect(Object.keys(settings).filter((name) => !help.includes(`--${name}`))).toEqual([]);
  });

  it.skipIf(compose.length === 0)('the compose file is one (skipped without docker-compose)', () => {
    const [program = '', ...args] = compose;
    const { status, stderr } = spawnSync(
      program,
      [...args, '-f', join(checkoutRoot, 'docker-compose.yml'), 'config', '-q'],
      {
        encoding: 'utf8',
        env: { ...process.env, POSTGRES_PASSWORD_FILE: '/dev/null' },
      },
    );
    expect(`${status} ${stderr}`.trim()).toBe('0');
  });

  it('the health check tells an answer from silence', async () => {
    const server = createServer((_, response) => response.end('ok'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const check = (at: number) =>
      promisify(execFile)(process.execPath, [
        join(checkoutRoot, 'packaging/health.mjs'),
        `http://127.0.0.1:${at}/healthz`,
      ]);
    await expect(check(port)).resolves.toBeDefined();
    await new Promise((resolve) => server.close(resolve));
    await expect(check(port)).rejects.toMatchObject({ code: 1 });
  });
});

describe('the set-up of the compose file', () => {
  it.skipIf(!has('openssl', 'version'))(
    'makes certificate and tokens once, and keeps them (skipped without openssl)',
    () => {
      const keys = mkdtempSync(join(tmpdir(), 'atlas-setup-'));
      try {
        const bin = join(keys, 'bin');
        spawnSync('mkdir', [bin]);
        spawnSync('ln', ['-s', join(checkoutRoot, 'apps/cli/bin/cpu-atlas.js'), join(bin, 'cpu-atlas')]);
        const env = {
          ...process.env,
          KEYS_DIRECTORY: keys,
          CPU_ATLAS_DATA_DIR: join(keys, 'data'),
          PATH: `${bin}:${process.env['PATH'] ?? ''}`,
        };
        const run = () =>
          spawnSync('sh', [join(checkoutRoot, 'packaging/compose-setup.sh')], { env, encoding: 'utf8' });
        const first = run();
        expect(`${first.status} ${first.stderr}`).toMatch(/^0/);
        const token = readFileSync(join(keys, 'node-a.token'), 'utf8');
        expect(token).toMatch(/^cpuatlas_/);
        expect(statSync(join(keys, 'tls.key')).mode & 0o077).toBe(0);
        expect(run().status).toBe(0);
        expect(readFileSync(join(keys, 'node-a.token'), 'utf8')).toBe(token);
      } finally {
        rmSync(keys, { recursive: true, force: true });
      }
    },
    120_000,
  );
});
