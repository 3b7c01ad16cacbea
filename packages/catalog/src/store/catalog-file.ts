import { createHash } from 'node:crypto';
import { readFile, rename, writeFile, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AtlasError, canonicalJson, type Catalog, type CatalogProvenance } from '@cpu-atlas/core';
import { parseCatalog } from '@cpu-atlas/contract';

/** A catalog file: the catalog, its content hash, and where it came from. */
export interface CatalogFile {
  readonly hash: string;
  readonly provenance: CatalogProvenance | null;
  readonly catalog: Catalog;
}

/** Larger files are not read. A catalog of QEMU 11 has under 1 MiB. */
const limitBytes = 32 * 1024 * 1024;

/** `sha256:` and the hash of the catalog's content, whatever the order of its keys. */
export function catalogHash(catalog: Catalog): string {
  return `sha256:${createHash('sha256').update(canonicalJson(catalog)).digest('hex')}`;
}

/** The text of a catalog file: one line per list entry, so that a new harvest shows as a readable diff. */
export function formatCatalogFile({ hash, provenance, catalog }: CatalogFile): string {
  const members = Object.entries(catalog).map(([key, value]) => `    ${JSON.stringify(key)}: ${formatMember(value)}`);
  const head = `  "hash": ${JSON.stringify(hash)},\n  "provenance": ${JSON.stringify(provenance)},\n`;
  return `{\n${head}  "catalog": {\n${members.join(',\n')}\n  }\n}\n`;
}

function formatMember(value: unknown): string {
  if (Array.isArray(value)) return formatList(value, 6);
  if (typeof value !== 'object' || value === null || !('groups' in value)) return JSON.stringify(value);
  const parts = Object.entries(value).map(
    ([key, part]) =>
      `      ${JSON.stringify(key)}: ${Array.isArray(part) ? formatList(part, 8) : JSON.stringify(part)}`,
  );
  return `{\n${parts.join(',\n')}\n    }`;
}

function formatList(list: readonly unknown[], indent: number): string {
  if (list.length === 0 || list.every((entry) => typeof entry !== 'object')) return JSON.stringify(list);
  const pad = ' '.repeat(indent);
  return `[\n${list.map((entry) => pad + JSON.stringify(entry)).join(',\n')}\n${pad.slice(2)}]`;
}

/** Writes a catalog file in one step: a reader sees the old one or the new one. @throws FILE_UNREADABLE */
export async function saveCatalogFile(path: string, file: CatalogFile): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const draft = `${path}.${process.pid}.part`;
    await writeFile(draft, formatCatalogFile(file));
    await rename(draft, path);
  } catch (error) {
    throw new AtlasError('FILE_UNREADABLE', `cannot write the catalog: ${String(error)}`, {
      where: path,
      cause: error,
    });
  }
}

/**
 * Reads a catalog file, or a bare catalog.
 * @throws CATALOG_NOT_FOUND, FILE_TOO_LARGE, CATALOG_INVALID
 */
export async function loadCatalogFile(path: string): Promise<CatalogFile> {
  const text = await readLimited(path);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new AtlasError('CATALOG_INVALID', `not JSON: ${String(error)}`, {
      where: path,
      remedy: 'harvest it again',
      cause: error,
    });
  }
  const wrapped =
    typeof parsed === 'object' && parsed !== null && 'catalog' in parsed ? (parsed as Partial<CatalogFile>) : null;
  try {
    const catalog = parseCatalog(wrapped === null ? parsed : wrapped.catalog);
    const hash = catalogHash(catalog);
    if (wrapped?.hash !== undefined && wrapped.hash !== hash)
      throw new AtlasError('CATALOG_INVALID', `the content does not match its hash ${String(wrapped.hash)}`, {
        remedy: 'the file was edited or damaged; harvest it again',
      });
    return { hash, provenance: wrapped?.provenance ?? null, catalog };
  } catch (error) {
    if (!(error instanceof AtlasError)) throw error;
    const where = error.where === undefined ? path : `${path}: ${error.where}`;
    throw new AtlasError(error.code, error.message, { where, remedy: error.remedy, cause: error });
  }
}

async function readLimited(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > limitBytes)
      throw new AtlasError('FILE_TOO_LARGE', `${size} bytes, a catalog has at most ${limitBytes}`, { where: path });
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof AtlasError) throw error;
    throw new AtlasError('CATALOG_NOT_FOUND', `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`, {
      where: path,
      remedy: 'name a catalog file, or a version such as 10.0',
      cause: error,
    });
  }
}
