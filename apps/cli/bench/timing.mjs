/** What of `cpu-atlas` and others is timed, and how: used by the benchmarks beside it. */
import { spawn } from 'node:child_process';

/** Median, and the first (cold) of several runs, in ms. */
export async function time(run, times) {
  const durations = [];
  for (let round = 0; round < times; round += 1) {
    const start = performance.now();
    await run();
    durations.push(performance.now() - start);
  }
  return { cold: durations[0] ?? 0, median: medianOf(durations) };
}

export function medianOf(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

/**
 * A command from its start to its end. Exit codes in `expected` are answers, too.
 * @returns what it printed
 */
export async function runCommand([file, ...args], expected = [0]) {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  if (!expected.includes(code)) throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${err.slice(-500)}`);
  return out;
}

/** `0.042 ms`, `7.31 ms`, `812 ms`. */
export function formatMs(value) {
  return `${value.toFixed(value < 1 ? 3 : value < 10 ? 2 : 0)} ms`;
}
