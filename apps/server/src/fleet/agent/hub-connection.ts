import { randomUUID } from 'node:crypto';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { AtlasError } from '@cpu-atlas/core';
import {
  commandListSchema,
  heartbeatAnswerSchema,
  parseJsonText,
  parseWith,
  problemSchema,
  storedContentSchema,
  type CommandList,
  type CommandOutcome,
  type Heartbeat,
  type HeartbeatAnswer,
} from '@cpu-atlas/contract';
import type { z } from 'zod';

/** What an agent says to its hub. Everything throws HUB_UNREACHABLE, or the fault that the hub answered with. */
export interface HubConnection {
  beat(hostId: string, heartbeat: Heartbeat): Promise<HeartbeatAnswer>;
  /** `text`: JSON whose content hash is `hash`. */
  putContent(kind: 'snapshots' | 'catalogs', hash: string, text: string): Promise<void>;
  /** The hub holds its answer back for up to `waitSeconds`. */
  waitForCommands(hostId: string, waitSeconds: number): Promise<CommandList>;
  answerCommand(hostId: string, commandId: string, outcome: CommandOutcome): Promise<void>;
  /** Ends what is on its way. */
  close(): void;
}

export interface HubConnectionOptions {
  /** `https://hub.example:4280`, with a path where a proxy puts the hub under one. */
  readonly url: string;
  /** Read anew when the hub refuses it, so that a token can be replaced in its file; null: none. */
  readonly readToken: () => Promise<string | null>;
  /** Certificates (PEM) that are trusted instead of those of the system; null: those of the system. */
  readonly ca: string | null;
  readonly agentVersion: string;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: string;
  readonly timeoutMs: number;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const compress = promisify(gzip);
const timeoutMs = 30_000;
/** Answers of a hub are small: a few commands. */
const answerBytes = 1024 * 1024;
/** Less is not worth compressing. */
const compressedFromLength = 1_024;

export function createHubConnection({ url, readToken, ca, agentVersion }: HubConnectionOptions): HubConnection {
  const base = new URL(url);
  const isTls = base.protocol === 'https:';
  const agent = isTls
    ? new HttpsAgent({ keepAlive: true, maxSockets: 4, ...(ca === null ? {} : { ca }) })
    : new HttpAgent({ keepAlive: true, maxSockets: 4 });
  const closing = new AbortController();
  const run = randomUUID();
  let token: Promise<string | null> | null = null;

  const send = async ({ method, path, body, timeoutMs: limitMs }: Call): Promise<Answer> => {
    const secret = await (token ??= readToken());
    const isCompressed = body !== undefined && body.length >= compressedFromLength && method === 'PUT';
    const payload = isCompressed ? await compress(body) : body === undefined ? null : Buffer.from(body);
    const headers = {
      accept: 'application/json',
      'user-agent': `cpu-atlas/${agentVersion}`,
      ...(secret === null ? {} : { authorization: `Bearer ${secret}` }),
      ...(payload === null ? {} : { 'content-type': 'application/json', 'content-length': payload.length }),
      ...(isCompressed ? { 'content-encoding': 'gzip' } : {}),
    };
    const target = `${base.pathname.replace(/\/$/, '')}/api/v1${path}`;
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(limitMs)]);
    const options = {
      method,
      headers,
      agent,
      signal,
      host: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port,
      path: target,
    };
    return new Promise((resolve, reject) => {
      const request = (isTls ? httpsRequest : httpRequest)(options, (response) => {
        readAnswer(response).then(resolve, reject);
      });
      request.once('error', reject);
      request.end(payload ?? undefined);
    });
  };

  const call = async (one: Call): Promise<string> => {
    const { status, text } = await send(one).catch((cause: unknown) => {
      throw unreachable(base, cause);
    });
    if (status >= 200 && status < 300) return text;
    if (status === 401) token = null;
    throw faultOf(base, status, text);
  };
  const ask = async <T>(schema: z.ZodType<T>, one: Call): Promise<T> => {
    const text = await call(one);
    try {
      const value = parseJsonText(text, { code: 'HUB_UNREACHABLE', source: 'answer' });
      return parseWith(schema, value, { code: 'HUB_UNREACHABLE', remedy: 'is the hub of this version?' });
    } catch (cause) {
      throw unreachable(base, cause);
    }
  };
  const hostPath = (id: string): string => `/hosts/${encodeURIComponent(id)}`;

  return {
    beat: (hostId, heartbeat) =>
      ask(heartbeatAnswerSchema, {
        method: 'POST',
        path: `${hostPath(hostId)}/heartbeats`,
        body: JSON.stringify({ ...heartbeat, run }),
        timeoutMs,
      }),
    async putContent(kind, hash, text) {
      const path = `/${kind}/${encodeURIComponent(hash)}`;
      await ask(storedContentSchema, { method: 'PUT', path, body: text, timeoutMs: 2 * timeoutMs });
    },
    waitForCommands: (hostId, waitSeconds) =>
      ask(commandListSchema, {
        method: 'GET',
        path: `${hostPath(hostId)}/commands?wait=${waitSeconds}&run=${run}`,
        timeoutMs: timeoutMs + waitSeconds * 1000,
      }),
    async answerCommand(hostId, commandId, outcome) {
      const path = `${hostPath(hostId)}/commands/${encodeURIComponent(commandId)}/result`;
      await call({ method: 'POST', path, body: JSON.stringify(outcome), timeoutMs });
    },
    close() {
      closing.abort();
      agent.destroy();
    },
  };
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    sizeBytes += piece.length;
    if (sizeBytes > answerBytes) {
      response.destroy();
      throw new RangeError(`an answer of more than ${answerBytes} bytes`);
    }
    pieces.push(piece);
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString('utf8') };
}

/** The fault that the hub told, if it is one of CPU Atlas. */
function faultOf(hub: URL, status: number, text: string): AtlasError {
  const told = problemSchema.safeParse(jsonOrNull(text));
  if (!told.success) return unreachable(hub, new RangeError(`it answered with status ${status}`));
  const { code, detail, where, remedy } = told.data;
  return new AtlasError(code, detail, { where: where ?? hub.origin, remedy });
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function unreachable(hub: URL, cause: unknown): AtlasError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AtlasError('HUB_UNREACHABLE', `the hub does not answer (${reason})`, {
    where: hub.origin,
    remedy: 'check --join, the network and --join-ca; this host tries again by itself',
    cause,
  });
}
