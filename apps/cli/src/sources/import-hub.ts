import { importResultSchema, problemSchema, type ImportResultDocument, type Problem } from '@cpu-atlas/contract';
import { AtlasError, errorTable } from '@cpu-atlas/core';
import type { ImportOptions, ImportRefusal } from '@cpu-atlas/importer';
import type { Destination } from '../options/import-options.ts';
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

const timeLimitMs = 60_000;
/** A token has about 60 characters. */
const tokenBytes = 4_096;

/**
 * Sends one input to a running server.
 * @throws HUB_UNREACHABLE, and what the server refuses with
 */
export async function sendToHub(destination: HubDestination, sending: Sending): Promise<HubResult> {
  const { input, signal } = sending;
  const token = await readToken(destination.token);
  const reply = await fetch(addressOf(destination, sending.options), {
    method: 'POST',
    headers: {
      'content-type': 'application/octet-stream',
      accept: 'application/json',
      ...(token !== null && { authorization: `Bearer ${token}` }),
    },
    body: input.bytes,
    // A token follows no redirect to somebody else.
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeLimitMs)]),
  }).catch((cause: unknown) => {
    throw unreachable(destination, `does not answer (${reasonOf(cause)})`);
  });
  const document = await reply.json().catch(() => null);
  if (!reply.ok) throw faultOf(problemSchema.safeParse(document).data, destination, reply.status);
  const result = importResultSchema.safeParse(document);
  if (!result.success) throw unreachable(destination, 'answers with something that is not CPU Atlas');
  return { ...result.data, refused: result.data.refused.map(asRefusal) };
}

function addressOf({ address, isDryRun, mayReplace }: HubDestination, options: ImportOptions): URL {
  const base = new URL(address);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const url = new URL('api/v1/imports', base);
  const { hostName, labels = {}, qemuVersion, accelerator } = options;
  if (hostName !== undefined) url.searchParams.set('name', hostName);
  for (const [name, value] of Object.entries(labels)) url.searchParams.append('labels', `${name}=${value}`);
  if (qemuVersion !== undefined) url.searchParams.set('qemuVersion', qemuVersion);
  if (accelerator !== undefined) url.searchParams.set('accelerator', accelerator);
  if (isDryRun) url.searchParams.set('dryRun', 'true');
  if (mayReplace) url.searchParams.set('replace', 'true');
  return url;
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

function faultOf(problem: Problem | undefined, destination: HubDestination, status: number): AtlasError {
  if (problem === undefined) return unreachable(destination, `answers with HTTP status ${status}`);
  const { code, detail, where, remedy } = problem;
  return new AtlasError(code, detail, { where: `${destination.address.origin}: ${where ?? 'import'}`, remedy });
}

function unreachable({ address }: HubDestination, message: string): AtlasError {
  return new AtlasError('HUB_UNREACHABLE', message, {
    where: address.origin,
    remedy: 'check the address of --hub and the network; a private certificate: NODE_EXTRA_CA_CERTS=FILE',
  });
}

/** `fetch` hides what happened in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
