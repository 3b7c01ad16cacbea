import { apiBase } from './paths.ts';

/** An answer that nobody fetched within this time is asked for anew: the page shows what is, not what was. */
const freshMs = 5_000;
/** As long as the slowest of the answers may take. */
const giveUpMs = 60_000;

export interface EarlyAnswers {
  /** Asks for a path below `/api/v1` in the form that it has by itself. Null: no answer, or a refusal. */
  readonly ask: (path: string) => Promise<Response | null>;
  /** The answer for whoever comes first; null: nobody asked early, it is of no use, or `signal` was faster. */
  readonly take: (path: string, signal: AbortSignal) => Promise<Response | null>;
}

interface Asked {
  readonly answer: Promise<Response | null>;
  readonly atMs: number;
}

/** Keeps what was asked for before the script of the page was there, until that script asks for it. */
export function createEarlyAnswers({
  fetch,
  nowMs,
}: {
  readonly fetch: (address: string, init: RequestInit) => Promise<Response>;
  readonly nowMs: () => number;
}): EarlyAnswers {
  const asked = new Map<string, Asked>();
  return {
    ask: (path) => {
      const answer = fetch(apiBase + path, { signal: AbortSignal.timeout(giveUpMs) }).then(
        (response) => (response.ok ? response : null),
        () => null,
      );
      asked.set(path, { answer, atMs: nowMs() });
      return answer;
    },
    take: async (path, signal) => {
      const early = asked.get(path);
      asked.delete(path);
      if (early === undefined || nowMs() - early.atMs > freshMs) return null;
      return Promise.race([early.answer, abortOf(signal)]);
    },
  };
}

function abortOf(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}

/** Those of this page: `early.ts` asks, `request.ts` takes. */
export const earlyAnswers = createEarlyAnswers({
  fetch: (address, init) => fetch(address, init),
  nowMs: () => performance.now(),
});
