// Vitest runs this once before all tests: builds what they start as a user would. Quick when nothing changed.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export function setup() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'apps/cli'], {
    cwd: root,
    stdio: 'inherit',
  });
  // `npm test` builds before and ends there; who runs single tests may be in the middle of something else.
  if (status !== 0) process.stderr.write('the build has errors: what tests start may be older than the sources\n');
}
