import { FaultError, readProblem } from './fault.ts';

const base = '/api/v1';

export interface RequestOptions {
  readonly signal?: AbortSignal;
  /** The answer comes within this time, or the request is given up. */
  readonly timeoutMs: number;
  /** Sent as JSON with POST. */
  readonly body?: unknown;
}

/**
 * Asks the backend and reads JSON. The shape is the one that @cpu-atlas/contract documents for the path: the backend
 * that validates it is the same program that sent this page.
 * @throws FaultError with the backend's problem, or `UNREACHABLE`, `TIMEOUT`, `ANSWER_INVALID`
 */
export async function requestJson<T>(path: string, options: RequestOptions): Promise<T> {
  const response = await send(path, options);
  const body: T | undefined = await response.json().catch(() => undefined);
  if (response.ok && body !== undefined) return body;
  throw new FaultError(
    readProblem(body) ?? {
      code: 'ANSWER_INVALID',
      title: 'The backend answered something that is not JSON',
      detail: `HTTP ${response.status} ${response.statusText}`.trim(),
      where: base + path,
      remedy: 'is another program listening on this port?',
    },
  );
}

async function send(path: string, { signal, timeoutMs, body }: RequestOptions): Promise<Response> {
  const limit = AbortSignal.timeout(timeoutMs);
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  try {
    return await fetch(base + path, {
      headers: { accept: 'application/json' },
      ...(body === undefined ? {} : post),
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    throw new FaultError(
      limit.aborted
        ? {
            code: 'TIMEOUT',
            title: 'The backend did not answer in time',
            detail: `no answer after ${timeoutMs / 1000} s`,
            where: base + path,
            remedy: 'look at the log of cpu-atlas serve, then try again',
          }
        : {
            code: 'UNREACHABLE',
            title: 'The backend does not answer',
            detail: cause instanceof Error ? cause.message : String(cause),
            where: base + path,
            remedy: 'start it: npx cpu-atlas serve',
          },
    );
  }
}
