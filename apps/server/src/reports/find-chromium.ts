import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'] as const;

/**
 * The Chromium that prints: the one of CPU_ATLAS_CHROMIUM, else the first in PATH; null: there is none. A name that is
 * given and is none is not replaced by another.
 */
export async function findChromium(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string | null> {
  const named = environment['CPU_ATLAS_CHROMIUM'] ?? '';
  const folders = (environment['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  const candidates = named === '' ? names.flatMap((name) => folders.map((folder) => join(folder, name))) : [named];
  for (const path of candidates) if (await isExecutable(path)) return path;
  return null;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
