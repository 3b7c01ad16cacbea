import { importResultSchema, type ImportResultDocument } from '@cpu-atlas/contract';
import { errorTable } from '@cpu-atlas/core';
import type { ImportOptions, ImportRefusal } from '@cpu-atlas/importer';
import type { Destination } from '../options/import-options.ts';
import { openHubClient } from './hub-client.ts';
import type { ImportInput } from './import-input.ts';
import { readLimitedFile } from './limited-file.ts';

export type HubDestination = Extract<Destination, { kind: 'hub' }>;

/** What a server made of an import, with refusals as the importer itself tells them. */
export type HubResult = Omit<ImportResultDocument, 'refused'> & { readonly refused: readonly ImportRefusal[] };

interface Sending {
  readonly input: ImportInput;
  readonly options: ImportOptions;
  readonly signal: AbortSignal;
}

/** A token has about 60 characters. */
const tokenBytes = 4_096;

/**
 * Sends one input to a running server.
 * @throws HUB_UNREACHABLE, and what the server refuses with
 */
export async function sendToHub(destination: HubDestination, sending: Sending): Promise<HubResult> {
  const { input, options, signal } = sending;
  const token = await readToken(destination.token);
  const hub = openHubClient({ address: destination.address, token }, signal);
  const result = await hub.ask(importResultSchema, pathOf(destination, options), input.bytes);
  return { ...result, refused: result.refused.map(asRefusal) };
}

function pathOf({ isDryRun, mayReplace }: HubDestination, options: ImportOptions): string {
  const query = new URLSearchParams();
  const { hostName, labels = {}, qemuVersion, accelerator } = options;
  if (hostName !== undefined) query.set('name', hostName);
  for (const [name, value] of Object.entries(labels)) query.append('labels', `${name}=${value}`);
  if (qemuVersion !== undefined) query.set('qemuVersion', qemuVersion);
  if (accelerator !== undefined) query.set('accelerator', accelerator);
  if (isDryRun) query.set('dryRun', 'true');
  if (mayReplace) query.set('replace', 'true');
  return `imports?${query}`;
}

async function readToken(given: HubDestination['token']): Promise<string | null> {
  if (given === null) return null;
  return ('text' in given ? given.text : await readLimitedFile(given.file, tokenBytes)).trim();
}

/** A code that this release does not know is told in words. */
function asRefusal({ where, code, message, remedy }: ImportResultDocument['refused'][number]): ImportRefusal {
  const known = isCode(code);
  return {
    where,
    code: known ? code : 'IMPORT_INVALID',
    message: known ? message : `${code}: ${message}`,
    remedy: remedy ?? undefined,
  };
}

function isCode(code: string): code is keyof typeof errorTable {
  return Object.hasOwn(errorTable, code);
}
