// Vitest runs this once before all tests: builds what they start as a user would. Quick when nothing changed.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export function setup() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'apps/cli'], {
    cwd: root,
    stdio: 'inherit',
  });
}
