import type { RetentionPolicy, RetentionReport, Store } from '../store/store.ts';

const dayMs = 86_400_000;

export const defaultRetention: RetentionPolicy = {
  observationsMs: 400 * dayMs,
  auditMs: 400 * dayMs,
  changesMs: 7 * dayMs,
};

const firstAfterMs = 60_000;
const everyMs = 3_600_000;

export interface RetentionOptions {
  readonly store: Store;
  readonly policy: RetentionPolicy;
  readonly onForgotten: (report: RetentionReport) => void;
  /** It is tried again an hour later. */
  readonly onFault: (error: unknown) => void;
}

/** Lets the store forget what the policy no longer keeps: a minute after the start, then every hour. */
export function scheduleRetention({ store, policy, onForgotten, onFault }: RetentionOptions): () => void {
  const run = (): void => {
    timer = setTimeout(run, everyMs).unref();
    store.applyRetention(policy).then((report) => {
      if (Object.values(report).some((count) => count > 0)) onForgotten(report);
    }, onFault);
  };
  let timer = setTimeout(run, firstAfterMs).unref();
  return () => clearTimeout(timer);
}
