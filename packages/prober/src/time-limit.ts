/** What came of work under a time limit. */
export type Timed<T> = { readonly kind: 'done'; readonly value: T } | { readonly kind: 'timeout' };

/**
 * Waits for `work`, at most `limitMs`. Work that is late is abandoned, not stopped; its outcome is ignored.
 * Rejects as `work` does when that happens in time.
 */
export async function withTimeLimit<T>(work: Promise<T>, limitMs: number): Promise<Timed<T>> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<Timed<T>>((resolve) => {
    // This timer also keeps the process alive while a native job runs, which does not do so itself.
    timer = setTimeout(() => resolve({ kind: 'timeout' }), limitMs);
  });
  try {
    return await Promise.race([work.then((value): Timed<T> => ({ kind: 'done', value })), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
