import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A hash of the code that computes columns: what one build computed, another one does not read. Where the code cannot be
 * read, nothing that is kept is believed.
 */
export async function stampOfCore(): Promise<string> {
  try {
    const directory = dirname(fileURLToPath(import.meta.resolve('@cpu-atlas/core')));
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile() && /(?<!\.test|\.d)\.[jt]s$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    const hash = createHash('sha256');
    for (const text of await Promise.all(files.map((file) => readFile(file)))) hash.update(text);
    return hash.digest('hex').slice(0, 32);
  } catch {
    return randomUUID();
  }
}
