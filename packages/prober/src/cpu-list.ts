/** Linux on x86 has at most 8,192 CPUs. */
const maxCpu = 8191;

/**
 * Reads a Linux CPU list such as `0-3,8`: ascending numbers, each once.
 * `undefined` when it is malformed, empty or names a CPU beyond 8191.
 */
export function parseCpuList(text: string): readonly number[] | undefined {
  const cpus = new Set<number>();
  for (const part of text.trim().split(',')) {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part);
    if (match === null) return undefined;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last > maxCpu || first > last) return undefined;
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}
