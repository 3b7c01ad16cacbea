import type { CpuDump } from './cpu-groups.ts';
import type { CpuidQuery, CpuidRegisters } from './cpuid-record.ts';
import { keyOf } from './cpuid-record.ts';
import { walkCpuid } from './cpuid-walk.ts';
import type { NativeProbe } from './native-part.ts';

/** What was read, and the CPUs that gave no answer (offline by now, outside the cpuset, held by a real-time thread). */
export interface CpuidReading {
  readonly dumps: readonly CpuDump[];
  readonly unread: readonly number[];
}

interface ReadingLimits {
  /** How long one CPU may keep the reader waiting. */
  readonly cpuLimitMs: number;
  /** After this the CPUs that are left are not tried. */
  readonly totalLimitMs: number;
}

type Answers = Map<number, CpuidRegisters>;

/** Walking ends after four rounds on real CPUs (ranges, leaves, subleaves, ends of lists); lists take one a step. */
const maxRounds = 80;

/**
 * Dumps CPUID of each CPU. The first CPU that answers tells what to ask; the others are asked the same in one go, and
 * more where they differ.
 * Rejects with a NativeFault when the addon cannot do its work at all.
 */
export async function readCpuid(
  probe: NativeProbe,
  cpus: readonly number[],
  limits: ReadingLimits,
): Promise<CpuidReading> {
  const endMs = performance.now() + limits.totalLimitMs;
  const ask = async (asked: readonly number[], queries: readonly CpuidQuery[]): Promise<ReadonlyMap<number, Answers>> =>
    askCpus({
      probe,
      cpus: asked,
      queries,
      cpuLimitMs: limits.cpuLimitMs,
      totalLimitMs: Math.max(0, endMs - performance.now()),
    });
  const dumps: CpuDump[] = [];
  const unread: number[] = [];
  const finish = async (cpu: number, known: Answers | undefined): Promise<void> => {
    const answers = known === undefined ? undefined : await completeAnswers(cpu, known, ask);
    if (answers === undefined) unread.push(cpu);
    else dumps.push({ cpu, records: walkCpuid(answers).records });
  };

  let position = 0;
  for (; dumps.length === 0 && position < cpus.length; position++) {
    await finish(cpus[position] ?? 0, new Map());
  }
  const others = cpus.slice(position);
  const queries = dumps[0]?.records ?? [];
  if (others.length > 0 && queries.length > 0) {
    const answers = await ask(others, queries);
    for (const cpu of others) await finish(cpu, answers.get(cpu));
  }
  return { dumps, unread };
}

/** Asks one CPU until its walk misses nothing. `undefined` when it stops answering. */
async function completeAnswers(
  cpu: number,
  known: Answers,
  ask: (cpus: readonly number[], queries: readonly CpuidQuery[]) => Promise<ReadonlyMap<number, Answers>>,
): Promise<Answers | undefined> {
  for (let round = 0; round < maxRounds; round++) {
    const { missing } = walkCpuid(known);
    if (missing.length === 0) return known;
    const more = (await ask([cpu], missing)).get(cpu);
    if (more === undefined) return undefined;
    for (const [key, registers] of more) known.set(key, registers);
  }
  return undefined;
}

interface CpuidRequest {
  readonly probe: NativeProbe;
  readonly cpus: readonly number[];
  readonly queries: readonly CpuidQuery[];
  readonly cpuLimitMs: number;
  readonly totalLimitMs: number;
}

/** One call of the addon; CPUs that did not answer are not in the map. */
async function askCpus(request: CpuidRequest): Promise<ReadonlyMap<number, Answers>> {
  const { cpus, queries } = request;
  const { registers, errors } = await request.probe.readCpuid(
    Uint32Array.from(cpus),
    Uint32Array.from(queries.flatMap(({ leaf, subleaf }) => [leaf, subleaf])),
    request.cpuLimitMs,
    Math.floor(request.totalLimitMs),
  );
  const byCpu = new Map<number, Answers>();
  cpus.forEach((cpu, cpuPosition) => {
    if (errors[cpuPosition] !== 0) return;
    const answers: Answers = new Map();
    queries.forEach((query, queryPosition) => {
      const start = (cpuPosition * queries.length + queryPosition) * 4;
      const [eax = 0, ebx = 0, ecx = 0, edx = 0] = registers.subarray(start, start + 4);
      answers.set(keyOf(query), { eax, ebx, ecx, edx });
    });
    byCpu.set(cpu, answers);
  });
  return byCpu;
}
