/**
 * Hosts for which something may lie in the store, so that thousands of heartbeats a second need not ask there. It may
 * name too many of them, never too few.
 */
export interface HostMarks {
  /** null: there is nothing for that host. Otherwise what `forget` wants to see. @throws STORE_FAILED */
  markOf(hostId: string): Promise<number | null>;
  /** There is something for that host. */
  note(hostId: string): void;
  /** There was nothing when it was looked; what was noted after `mark` was given stays. */
  forget(hostId: string, mark: number): void;
  /** Something may have been missed. */
  reset(): void;
}

/** `readAll`: all hosts for which there is something. */
export function createHostMarks(readAll: () => Promise<readonly string[]>): HostMarks {
  const marks = new Map<string, number>();
  let lastMark = 0;
  let reading: Promise<void> | null = null;

  const note = (hostId: string): void => {
    marks.set(hostId, (lastMark += 1));
  };
  return {
    async markOf(hostId) {
      const current = (reading ??= readAll().then((hostIds) => hostIds.forEach(note)));
      try {
        await current;
      } catch (error) {
        if (reading === current) reading = null;
        throw error;
      }
      return marks.get(hostId) ?? null;
    },
    note,
    forget(hostId, mark) {
      if (marks.get(hostId) === mark) marks.delete(hostId);
    },
    reset() {
      reading = null;
    },
  };
}
