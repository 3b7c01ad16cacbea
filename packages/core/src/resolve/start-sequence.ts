import { isEmpty } from '../x86/feature-set.ts';
import type { ResolveContext } from './context.ts';
import { avx10Shortfall } from './avx10.ts';
import { conflictLines, dependencyLines, traceLevelLines, unsupportedLines } from './check-lines.ts';
import {
  checkAccelerator,
  checkCaches,
  checkCpuidOptions,
  checkEnforce,
  checkLbrFormat,
  hyperVLines,
} from './check-start.ts';
import {
  checkAddressSpace,
  checkApic,
  checkMachine,
  checkOtherCpus,
  threadLines,
  userspaceApicLines,
} from './check-topology.ts';
import { checkVcpu, checkVcpuState, listOpenQuestions, tscLines } from './check-vcpu.ts';
import { resolveAddressBits } from './address-bits.ts';
import type { Refusal, ResolutionRequest, ResolutionStatus } from './resolution.ts';
import { holds } from './rules.ts';
import type { SettledCell } from './settle-cell.ts';
import type { StartInput } from './start-input.ts';
import { unavailableNames } from './warnings.ts';

type Step =
  | { readonly kind: 'refuse'; readonly check: (input: StartInput) => Refusal | null }
  | { readonly kind: 'print'; readonly lines: (input: StartInput) => readonly string[] };

const refuse = (check: (input: StartInput) => Refusal | null): Step => ({ kind: 'refuse', check });
const print = (lines: (input: StartInput) => readonly string[]): Step => ({ kind: 'print', lines });

const warnsOfThreads = (input: StartInput, isEarly: boolean): readonly string[] =>
  holds('threadsWarnedEarly', input.context.index.release) === isEarly ? threadLines(input) : [];

/**
 * What QEMU checks and prints until a CPU runs, in its order: a refusal ends it, so that nothing after it is printed.
 * Source: QEMU 7.2, 10.0 and 10.2, realization of an x86 CPU; the order of lines in recorded and live runs
 */
const steps: readonly Step[] = [
  print(({ settled }) => settled.topology.warnings),
  refuse(({ settled }) => settled.topology.refusal),
  print(({ settled }) => settled.configured.warnings),
  refuse(checkMachine),
  refuse(checkCpuidOptions),
  print(hyperVLines),
  print(dependencyLines),
  print(conflictLines),
  print(traceLevelLines),
  refuse(checkLbrFormat),
  print(unsupportedLines),
  refuse(checkEnforce),
  print(({ address }) => address.warnings),
  refuse(checkAccelerator),
  print((input) => warnsOfThreads(input, true)),
  refuse(({ address }) => address.refusal),
  refuse(checkCaches),
  refuse(checkApic),
  print(tscLines),
  refuse(checkVcpu),
  print((input) => warnsOfThreads(input, false)),
  print(userspaceApicLines),
  refuse(checkOtherCpus),
  refuse(checkAddressSpace),
  refuse(checkVcpuState),
];

/** Why QEMU ends instead of starting; null: it starts. */
export function findRefusal(input: StartInput): Refusal | null {
  for (const step of steps) {
    const refusal = step.kind === 'refuse' ? step.check(input) : null;
    if (refusal) return refusal;
  }
  return null;
}

/** The lines that QEMU prints until it runs, or up to the refusal, which is not among them. */
export function listWarnings(input: StartInput): string[] {
  const lines: string[] = [];
  for (const step of steps) {
    if (step.kind === 'print') lines.push(...step.lines(input));
    else if (step.check(input) !== null) return lines;
  }
  return lines;
}

/** Whether a settled cell starts, and with everything it asks for. */
export interface CellOutcome {
  readonly status: ResolutionStatus;
  readonly refusal: Refusal | null;
  readonly start: StartInput;
  readonly hasUnknown: boolean;
}

/** Judges a settled cell. Nothing is put into words: see {@link describeUnknowns} and {@link listWarnings}. */
export function judgeCell(context: ResolveContext, request: ResolutionRequest, settled: SettledCell): CellOutcome {
  const { words, configured } = settled;
  const address = resolveAddressBits(context, request.accel, words, configured.properties);
  const avx10 = avx10Shortfall(context, request.accel, words, configured.properties);
  const wouldRefuse = !isEmpty(words.filtered) || avx10.kind === 'lacks';
  const start = { context, request, settled, address, wouldRefuse };
  const refusal = findRefusal(start);
  const hasUnknown =
    isKvmUnseen(context, request) ||
    !isEmpty(words.undecided) ||
    avx10.kind === 'unknown' ||
    listOpenQuestions(start).length > 0 ||
    decidingProperties(settled).length > 0;
  const status = refusal ? 'refused' : hasUnknown ? 'unknown' : wouldRefuse ? 'filtered' : 'runnable';
  return { status, refusal, start, hasUnknown };
}

/** Nothing is known of KVM on that host: whether it starts anything there, even a model without features. */
function isKvmUnseen({ facts }: ResolveContext, { accel }: ResolutionRequest): boolean {
  return accel === 'kvm' && facts.kvm === null && facts.observed.kvm === null;
}

/** Unknown properties of the host that the model shows to the guest. */
function decidingProperties({ cell, unknownProperties }: SettledCell): readonly string[] {
  return cell.kind === 'host' || cell.kind === 'max' ? unknownProperties : [];
}

/** What keeps an answer from being yes or no, in words. */
export function describeUnknowns(input: StartInput): string[] {
  const { context, request, settled } = input;
  const { words } = settled;
  const unknowns: string[] = [];
  if (!isEmpty(words.undecided)) {
    const names = unavailableNames(context.index, context.components, words.undecided);
    const why = context.facts.kvmUnknown ?? context.facts.hardwareUnknown;
    const reason =
      request.accel === 'tcg' ? 'this QEMU was not seen with TCG' : (why?.reason ?? 'a layer was not observed');
    const some = `${names.slice(0, 6).join(', ')}${names.length > 6 ? ', …' : ''}`;
    unknowns.push(`${names.length} requested features cannot be told (${some}): ${reason}`);
  }
  if (avx10Shortfall(context, request.accel, words, settled.configured.properties).kind === 'unknown')
    unknowns.push('the version of AVX10 that the host has is not known');
  if (unknowns.length === 0 && isKvmUnseen(context, request))
    unknowns.push(context.facts.kvmUnknown?.reason ?? 'KVM of that host was not observed');
  unknowns.push(...listOpenQuestions(input));
  unknowns.push(...decidingProperties(settled).map((name) => `${name} of the host CPU is not known`));
  return unknowns;
}
