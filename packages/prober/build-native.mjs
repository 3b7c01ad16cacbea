/**
 * Compiles the native part of the prober: `node build-native.mjs [--require]`.
 *
 * Calls the C compiler directly: the addon is a handful of plain C files on Node-API, so neither node-gyp nor Python nor
 * a download of headers is needed, and one binary serves every Node from 20 on.
 * Where something is missing it says what and ends with 0: CPU Atlas goes on without the native part and reports what
 * it cannot read. With --require (CI) that is a failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const packageFolder = dirname(fileURLToPath(import.meta.url));
const sourceFolder = join(packageFolder, 'native');
const outputFolder = join(packageFolder, 'build', 'Release');
const output = join(outputFolder, 'prober.node');
const compileTimeoutMs = 120_000;

function findHeaders() {
  const candidates = [
    () => createRequire(import.meta.url)('node-api-headers').include_dir,
    () => join(dirname(process.execPath), '..', 'include', 'node'),
    () => '/usr/include/node',
  ];
  for (const candidate of candidates) {
    try {
      const folder = candidate();
      if (existsSync(join(folder, 'node_api.h'))) return folder;
    } catch {
      // Not installed: the next one may be.
    }
  }
  return undefined;
}

function findCompiler() {
  const names = [process.env['CC'], 'cc', 'gcc', 'clang'].filter((name) => name !== undefined && name !== '');
  return names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}

function compile({ compiler, headers, target }) {
  const sources = readdirSync(sourceFolder)
    .filter((name) => name.endsWith('.c'))
    .sort()
    .map((name) => join(sourceFolder, name));
  const options = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-fPIC', '-fvisibility=hidden', '-pthread', '-shared'];
  // nodelete: a thread that hangs in the kernel may outlive the worker thread whose exit would unmap this code.
  const link = ['-Wl,-z,nodelete', '-Wl,-z,relro', '-Wl,-z,now'];
  const defines = ['-D_GNU_SOURCE', '-DNAPI_VERSION=8'];
  const run = spawnSync(compiler, [...options, ...defines, '-I', headers, '-o', target, ...sources, ...link], {
    encoding: 'utf8',
    timeout: compileTimeoutMs,
  });
  return run.status === 0 ? { ok: true, text: run.stderr } : { ok: false, text: run.stderr ?? String(run.error) };
}

/** Why the native part was not built, or undefined when it was. */
function build() {
  if (process.platform !== 'linux') return `it reads Linux interfaces, and this is ${process.platform}`;
  const compiler = findCompiler();
  if (compiler === undefined) return 'there is no C compiler (on Debian: apt-get install gcc libc6-dev)';
  const headers = findHeaders();
  if (headers === undefined) return 'there are no Node-API headers (run npm install without --omit=dev)';
  mkdirSync(outputFolder, { recursive: true });
  // A running process may have the old binary mapped: write beside it and rename.
  const target = `${output}.${process.pid}.tmp`;
  const { ok, text } = compile({ compiler, headers, target });
  if (text.trim() !== '') process.stderr.write(text);
  if (ok) {
    renameSync(target, output);
    return undefined;
  }
  rmSync(target, { force: true });
  return 'the compiler refused it, see above (on Debian: apt-get install libc6-dev linux-libc-dev)';
}

const obstacle = build();
if (obstacle === undefined) {
  process.stdout.write('prober: native part built\n');
} else {
  process.stdout.write(`prober: native part not built: ${obstacle}\n`);
  if (existsSync(output)) process.stdout.write('prober: the one built earlier stays in use\n');
  if (process.argv.includes('--require')) process.exitCode = 1;
}
