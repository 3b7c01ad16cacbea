import { constants } from 'node:fs';
import { open, opendir } from 'node:fs/promises';

/** Attributes of sysfs have one page at most. */
const defaultMaxBytes = 4096;
const maxDirectoryEntries = 1024;

/**
 * Reads a text file, at most its first `maxBytes`, without white space at the ends.
 * `undefined` when it cannot be read, for whatever reason.
 */
export async function readText(path: string, maxBytes = defaultMaxBytes): Promise<string | undefined> {
  try {
    // O_NONBLOCK: a FIFO at this path must not hold a thread until somebody writes to it.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const buffer = Buffer.alloc(maxBytes);
      let length = 0;
      while (length < maxBytes) {
        const { bytesRead } = await file.read(buffer, length, maxBytes - length, null);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return buffer.toString('utf8', 0, length).trim();
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

/** Names in a directory, sorted, at most 1,024 of them; none when it cannot be read. */
export async function listDirectory(path: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const entry of await opendir(path)) {
      names.push(entry.name);
      if (names.length === maxDirectoryEntries) break;
    }
  } catch {
    return [];
  }
  return names.sort();
}

/** Reads each file of a directory into a record by name; files that cannot be read are left out. */
export async function readTextFiles(directory: string): Promise<Readonly<Record<string, string>>> {
  const names = await listDirectory(directory);
  const texts = await Promise.all(names.map(async (name) => [name, await readText(`${directory}/${name}`)] as const));
  return Object.fromEntries(texts.filter((pair): pair is readonly [string, string] => pair[1] !== undefined));
}
