/** packaging/cpu-atlas.1 from the definitions of the built command line. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const path = join(root, 'packaging', 'cpu-atlas.1');

/** @returns what differs when it only checks */
export async function generateMan({ check }) {
  const { readProgramShape } = await import('../apps/cli/dist/shape/command-shape.js');
  const { writeManPage } = await import('../apps/cli/dist/shape/man-page.js');
  const { version } = JSON.parse(readFileSync(join(root, 'apps', 'cli', 'package.json'), 'utf8'));
  const page = writeManPage(await readProgramShape(), version);
  if (!check) writeFileSync(path, page);
  else if (readFileSync(path, 'utf8') !== page) return ['packaging/cpu-atlas.1 differs: run npm run generate'];
  return [];
}
