/**
 * Writes docs/proof.md: how exact Atlas is, how fast, and what faults it survived, as measured by the commands that the
 * page names. It takes some minutes; what a machine lacks is counted as left out.
 *
 *     npm run proof                            with qemu-system-x86_64
 *     npm run proof -- --qemu PATH --qemu PATH with these QEMUs
 *     npm run proof -- --sample 1000           launches so many cells of each QEMU and accelerator; 300 without it
 *     npm run proof -- --only faults           measures that part anew, and keeps the others of the last run
 *     node scripts/proof.mjs --quick --out F   a few of everything: shows that the page can be made, proves nothing
 *
 * Exit code 1 where something differed or failed; the page is written all the same.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { launchLive, runTests, timeSideBySide } from './proof/measure.mjs';
import { writePage } from './proof/write-page.mjs';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    out: { type: 'string', default: join(root, 'docs', 'proof.md') },
    results: { type: 'string', default: join(root, 'node_modules', '.cache', 'proof.json') },
    qemu: { type: 'string', multiple: true, default: ['qemu-system-x86_64'] },
    sample: { type: 'string' },
    only: { type: 'string', multiple: true },
  },
});
const { quick } = values;

/** Tests that do to Atlas what the world does to it. */
const faultTests = [
  'e2e/fleet-crash.test.ts',
  'e2e/fleet-faults.test.ts',
  'e2e/fleet-faults-clock.test.ts',
  'e2e/api-fuzz.test.ts',
  'apps/server/src/store/crash.test.ts',
  'apps/server/src/store/faults.test.ts',
  'apps/server/src/auth/header-fuzz.test.ts',
  'packages/importer/src/import-text.property.test.ts',
  'packages/importer/src/corpus.test.ts',
  'packages/importer/src/zip/read-archive.test.ts',
  'packages/prober/src/degraded-hosts.test.ts',
  'packages/catalog/src/qmp/qmp-client.test.ts',
  'packages/catalog/src/qmp/qemu-process.test.ts',
];

/** In the order in which they are measured: speed while nothing else of this runs. */
const parts = {
  speed: () => timeSideBySide({ rounds: quick ? 2 : 15 }),
  live: () => launchLive({ binaries: values.qemu, sample: Number(values.sample ?? (quick ? 2 : 300)) }),
  recorded: () => runTests(quick ? ['e2e/oracle/libvirt-sessions.test.ts'] : ['e2e/oracle']),
  faults: () => runTests(quick ? ['packages/importer/src/zip/read-archive.test.ts'] : faultTests),
};

const kept = !quick && values.only !== undefined && existsSync(values.results);
const results = kept ? JSON.parse(readFileSync(values.results, 'utf8')) : {};
for (const [name, measure] of Object.entries(parts)) {
  if (values.only !== undefined && !values.only.includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  results[name] = { at: new Date().toISOString().slice(0, 16), ...(await measure()) };
  if (!quick) writeFileSync(values.results, JSON.stringify(results));
}
const missing = Object.keys(parts).filter((name) => results[name] === undefined);
if (missing.length > 0) {
  process.stderr.write(`not measured yet: ${missing.join(', ')}; run it once without --only\n`);
  process.exit(2);
}

const commit = readCommit();
const { version } = JSON.parse(readFileSync(join(root, 'apps', 'cli', 'package.json'), 'utf8'));
const about = {
  version,
  commit,
  node: process.version,
  cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}`,
};
const { text, isClean } = writePage(results, { ...about, quick });
const style = await resolveConfig(join(root, 'docs', 'proof.md'));
writeFileSync(values.out, await format(text, { ...style, parser: 'markdown' }));
process.exitCode = isClean ? 0 : 1;

/** Outside a checkout nobody knows. */
function readCommit() {
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    return 'an unknown commit';
  }
}
