import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Ids of the living processes whose command line contains `marker`. Linux only. */
export function processesWith(marker: string): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && commandLine(pid).includes(marker));
}

/** Waits until no process has `marker` in its command line; returns those left after `limitMs`. */
export async function processesLeft(marker: string, limitMs = 3_000): Promise<readonly number[]> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const left = processesWith(marker);
    if (left.length === 0 || Date.now() > deadline) return left;
    await sleep(20);
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}
