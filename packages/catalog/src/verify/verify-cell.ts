import { AtlasError, type ResolutionRequest, type Resolution } from '@cpu-atlas/core';
import {
  describeExit,
  launchQemu,
  qemuCommand,
  qemuExitOf,
  readLiveCpu,
  type LiveCpu,
  type QemuExit,
  type QemuProcess,
} from '../qmp/index.ts';
import { within } from '../qmp/within.ts';
import { compareCpu, compareLists, type Comparison } from './compare-cpu.ts';
import { compareMsrFeatures, type FeatureNames } from './compare-msr.ts';
import {
  environmentProblem,
  isFeatureWarning,
  oneOfEqualParts,
  readQemuOutput,
  type QemuOutput,
} from './qemu-output.ts';
import type { Verification, VerifiedDifference } from './verification.ts';

export interface CellToVerify extends ResolutionRequest {
  /** A path, or a name looked up in PATH. */
  readonly binary: string;
  /** What Atlas says of this cell. */
  readonly resolution: Resolution;
  /** With them the MSR feature words are compared too. */
  readonly featureNames?: FeatureNames | undefined;
  /** For the whole of it; the end of a QEMU that hangs may take two seconds more. */
  readonly timeoutMs: number;
}

/** What running QEMU gave: a CPU, an end instead of one, or nothing that could be compared. */
type Run =
  | { readonly kind: 'started'; readonly live: LiveCpu; readonly msr: Comparison; readonly exit: QemuExit }
  | { readonly kind: 'ended'; readonly exit: QemuExit }
  | { readonly kind: 'failed'; readonly reason: string; readonly exit: QemuExit | null };

type Judgement = Pick<Verification, 'outcome' | 'differences' | 'notCompared' | 'otherMessages' | 'reason'>;

/** Warnings of hundreds of CPUs must not be cut off. */
const stderrLimitBytes = 4 * 1024 * 1024;
const minimumMs = 1;
const quitMs = 2_000;

/**
 * Launches the real QEMU, paused, for one cell and compares what it does with what Atlas says. Whatever QEMU does is a
 * value; no process is left.
 * @throws MACHINE_TYPE_UNKNOWN, ACCELERATOR_UNKNOWN for a name that is none
 */
export async function verifyCell(cell: CellToVerify): Promise<Verification> {
  const started = performance.now();
  const command = qemuCommand(cell);
  const run = await runQemu(cell);
  return {
    ...judge(cell, run),
    command,
    live: run.kind === 'started' ? run.live : null,
    exit: run.exit,
    durationMs: performance.now() - started,
  };
}

async function runQemu(cell: CellToVerify): Promise<Run> {
  const deadline = performance.now() + cell.timeoutMs;
  let qemu: QemuProcess | null = null;
  try {
    qemu = await launchQemu({ ...cell, stderrLimitBytes });
    const answer = await within(readCpu(qemu, cell), Math.max(deadline - performance.now(), minimumMs));
    if (answer === null)
      return { kind: 'failed', reason: `QEMU did not answer within ${cell.timeoutMs} ms`, exit: null };
    return { kind: 'started', ...answer };
  } catch (error) {
    return failedRun(error);
  } finally {
    await qemu?.dispose();
  }
}

/**
 * `quit` last: only then has all that QEMU printed arrived. One that does not quit is ended; that says nothing about its
 * CPU.
 */
async function readCpu(
  qemu: QemuProcess,
  { resolution, featureNames }: CellToVerify,
): Promise<Omit<Extract<Run, { kind: 'started' }>, 'kind'>> {
  const live = await readLiveCpu(qemu.client);
  const msr = await compareMsrFeatures(qemu.client, resolution, featureNames);
  return { live, msr, exit: await qemu.quit({ timeoutMs: quitMs }).catch(() => qemu.dispose()) };
}

function failedRun(error: unknown): Run {
  if (!(error instanceof AtlasError)) throw error;
  const exit = qemuExitOf(error);
  if (error.code === 'QEMU_DIED' && exit !== null) return { kind: 'ended', exit };
  return { kind: 'failed', reason: error.toString(), exit };
}

function judge(cell: CellToVerify, run: Run): Judgement {
  switch (run.kind) {
    case 'started':
      return judgeStart(cell, run);
    case 'ended':
      return judgeEnd(cell, run.exit);
    case 'failed':
      return couldNotTell(run.reason);
  }
}

function judgeStart(cell: CellToVerify, run: Extract<Run, { kind: 'started' }>): Judgement {
  const { resolution } = cell;
  const output = readQemuOutput(run.exit.stderr, cell.binary);
  if (resolution.status === 'unknown') return undecided(resolution, output);
  if (resolution.status === 'refused') {
    const atlas = `refused: ${resolution.refusal?.message ?? 'no reason given'}`;
    return concluded([{ what: 'start', atlas, qemu: 'starts' }], [], output.otherLines);
  }
  const cpu = compareCpu(resolution, run.live);
  const said = compareOutput(cell, output, output.otherLines);
  return concluded(
    [...cpu.differences, ...run.msr.differences, ...said.differences],
    [...cpu.notCompared, ...(resolution.msrFeatures.length > 0 ? run.msr.notCompared : [])],
    said.otherMessages,
  );
}

function judgeEnd(cell: CellToVerify, exit: QemuExit): Judgement {
  const { resolution } = cell;
  const output = readQemuOutput(exit.stderr, cell.binary);
  if (exit.signal === 'SIGKILL' || exit.signal === 'SIGTERM') return couldNotTell(`QEMU was ${describeExit(exit)}`);
  if (resolution.status === 'unknown') return undecided(resolution, output);
  const { refusal } = resolution;
  const problem = environmentProblem(output);
  if (problem !== null && refusal?.by !== 'accelerator') return couldNotTell(problem, output.otherLines);
  if (resolution.status !== 'refused' || refusal === undefined) {
    return concluded([{ what: 'start', atlas: 'starts', qemu: describeExit(exit) }], [], output.otherLines);
  }
  const last = output.lines.at(-1) ?? '';
  const isAbort = exit.signal === 'SIGABRT';
  const ours = refusal.by === 'abort' ? 'abort' : refusal.message;
  const theirs = isAbort ? 'abort' : exit.status === 1 ? last : describeExit(exit);
  const refused = ours === theirs ? [] : [{ what: 'refusal', atlas: ours, qemu: theirs }];
  const said = compareOutput(cell, output, isAbort ? output.otherLines : withoutLast(output.otherLines, last));
  return concluded([...refused, ...said.differences], [], said.otherMessages);
}

/**
 * Compares what `check` prints, line by line in order. Of the other lines Atlas owes only those that it foretells:
 * QEMU also speaks of machine types, clocks and the like.
 */
function compareOutput(
  { resolution, smp }: CellToVerify,
  { featureWarnings }: QemuOutput,
  otherLines: readonly string[],
): { readonly differences: readonly VerifiedDifference[]; readonly otherMessages: readonly string[] } {
  const cpus = countCpus(smp);
  const foretold = resolution.warnings.filter((line) => !isFeatureWarning(line));
  const ours = resolution.warnings.filter(isFeatureWarning);
  const missing = foretold.filter((line) => !otherLines.includes(line));
  return {
    differences: [
      ...compareLists('warnings', oneOfEqualParts(ours, cpus), oneOfEqualParts(featureWarnings, cpus)),
      ...missing.map((line) => ({ what: 'message', atlas: line, qemu: null })),
    ],
    otherMessages: otherLines.filter((line) => !foretold.includes(line)),
  };
}

/** How many CPUs `-smp` makes: `cpus`, or the product of the levels that are given. */
function countCpus(smp: CellToVerify['smp']): number {
  if (smp === undefined) return 1;
  const { cpus, sockets = 1, dies = 1, clusters = 1, modules = 1, cores = 1, threads = 1 } = smp;
  return cpus ?? sockets * dies * clusters * modules * cores * threads;
}

function withoutLast(lines: readonly string[], last: string): readonly string[] {
  return lines.at(-1) === last ? lines.slice(0, -1) : lines;
}

function undecided(resolution: Resolution, output: QemuOutput): Judgement {
  return couldNotTell(`Atlas does not know: ${resolution.unknowns.join('; ')}`, output.otherLines);
}

function couldNotTell(reason: string, otherMessages: readonly string[] = []): Judgement {
  return { outcome: 'could-not-tell', differences: [], notCompared: ['everything'], otherMessages, reason };
}

function concluded(
  differences: readonly VerifiedDifference[],
  notCompared: readonly string[],
  otherMessages: readonly string[],
): Judgement {
  return { outcome: differences.length === 0 ? 'equal' : 'different', differences, notCompared, otherMessages };
}
