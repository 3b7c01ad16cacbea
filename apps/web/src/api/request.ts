import { earlyAnswers } from './early-answers.ts';
import { FaultError, readProblem } from './fault.ts';
import { apiBase } from './paths.ts';

export interface RequestOptions {
  readonly signal?: AbortSignal;
  /** The answer comes within this time, or the request is given up. */
  readonly timeoutMs: number;
  /** Sent as JSON, with POST unless a method is named. */
  readonly body?: unknown;
  /** Sent as it is, in place of a body. */
  readonly upload?: { readonly content: Blob | string; readonly type: string };
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
}

/**
 * Asks the backend and reads JSON. The shape is the one that @cpu-atlas/contract documents for the path: the backend
 * that validates it is the same program that sent this page.
 * @throws FaultError with the backend's problem, or `UNREACHABLE`, `TIMEOUT`, `ANSWER_INVALID`
 */
export async function requestJson<T>(path: string, options: RequestOptions): Promise<T> {
  const response = await send(path, options);
  // An answer without content is an answer: whoever asks for it names `void`.
  if (response.status === 204) return undefined as T;
  const body: T | undefined = await response.json().catch(() => undefined);
  if (response.ok && body !== undefined) return body;
  throw faultOfBody(path, response, body);
}

/** The backend's own problem; or that there is none in what it answered. */
function faultOfBody(path: string, response: Response, body: unknown): FaultError {
  return new FaultError(
    readProblem(body) ?? {
      code: 'ANSWER_INVALID',
      title: 'The backend answered something that is not JSON',
      detail: `HTTP ${response.status} ${response.statusText}`.trim(),
      where: apiBase + path,
      remedy: 'is another program listening on this port?',
    },
  );
}

/**
 * Asks the backend for bytes of a media type.
 * @throws FaultError as `requestJson`
 */
export async function requestBytes(
  path: string,
  { accept, ...options }: RequestOptions & { readonly accept: string },
): Promise<Uint8Array> {
  const response = await send(path, options, accept);
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  throw faultOfBody(path, response, await response.json().catch(() => undefined));
}

async function send(path: string, options: RequestOptions, accept = 'application/json'): Promise<Response> {
  const { signal: caller, timeoutMs } = options;
  const limit = AbortSignal.timeout(timeoutMs);
  const signal = caller === undefined ? limit : AbortSignal.any([caller, limit]);
  try {
    return (
      (isPlainGet(options) ? await earlyAnswers.take(path, signal) : null) ??
      (await fetch(apiBase + path, { ...contentOf(options, accept), signal }))
    );
  } catch (cause) {
    if (caller?.aborted === true) throw cause;
    throw new FaultError(
      limit.aborted
        ? {
            code: 'TIMEOUT',
            title: 'The backend did not answer in time',
            detail: `no answer after ${timeoutMs / 1000} s`,
            where: apiBase + path,
            remedy: 'look at the log of cpu-atlas serve, then try again',
          }
        : {
            code: 'UNREACHABLE',
            title: 'The backend does not answer',
            detail: cause instanceof Error ? cause.message : String(cause),
            where: apiBase + path,
            remedy: 'start it: npx cpu-atlas serve',
          },
    );
  }
}

function isPlainGet({ body, upload, method }: RequestOptions): boolean {
  return body === undefined && upload === undefined && (method ?? 'GET') === 'GET';
}

function contentOf({ body, upload, method }: RequestOptions, accept: string): RequestInit {
  if (upload !== undefined) {
    return { method: method ?? 'POST', headers: { accept, 'content-type': upload.type }, body: upload.content };
  }
  if (body === undefined) return { method: method ?? 'GET', headers: { accept } };
  const headers = { accept, 'content-type': 'application/json' };
  return { method: method ?? 'POST', headers, body: JSON.stringify(body) };
}
