import {
  compareGuestCpuids,
  describeComparison,
  describeGuestCpuid,
  guestCpuid,
  type GuestCpuid,
  type GuestCpuidComparison,
  type ResolutionRequest,
} from '@cpu-atlas/core';
import type { Answerer } from '../answerer.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { reportComparison, reportGuestCpuid } from '../output/guest-cpuid-reports.ts';
import { formatComparison, formatGuestCpuid } from '../output/guest-cpuid-table.ts';
import type { Terminal } from '../output/terminal.ts';
import { writeAnswered, writeJson, type AnsweredAs } from '../output/write-answer.ts';

export interface GuestCpuidCommandOptions {
  readonly terminal: Terminal;
  readonly answerer: Answerer;
  readonly snapshot: string;
  readonly catalog: string | undefined;
  readonly request: ResolutionRequest;
  readonly vcpu: number;
  /** The host, and its QEMU, to compare with; left out: nothing is compared. */
  readonly other: { readonly snapshot: string; readonly catalog: string | undefined } | undefined;
  readonly format: AnsweredAs;
}

/** Tells the whole CPUID of a vCPU, or in what it differs on another host. */
export async function tellGuestCpuid(options: GuestCpuidCommandOptions): Promise<ExitCode> {
  const { terminal, answerer, snapshot, catalog, request, vcpu, other, format } = options;
  const { context, use } = await answerer.prepare({ snapshot, catalog });
  const guest = guestCpuid(context, request, { vcpu });
  if (other !== undefined) {
    const { context: otherContext } = await answerer.prepare(other);
    const otherGuest = guestCpuid(otherContext, request, { vcpu });
    const comparison = compareGuestCpuids(guest, otherGuest);
    const refusals = { first: guest.refusal, second: otherGuest.refusal };
    const answer = {
      table: () => formatComparison(comparison, refusals, terminal.paint),
      json: () => writeJson({ ...describeComparison(comparison), refusals }, terminal),
      report: () => reportComparison(comparison, refusals),
    };
    await writeAnswered(terminal, answer, format);
    return (guest.refusal ?? otherGuest.refusal) ? exitCodes.no : exitOfComparison(comparison);
  }
  const { assumption } = use.used;
  const assumptions = [...(assumption === null ? [] : [assumption]), ...guest.assumptions];
  const description = { ...describeGuestCpuid(context.index, guest), assumptions };
  const answer = {
    table: () => formatGuestCpuid(description, terminal.paint),
    json: () => writeJson(description, terminal),
    report: () => reportGuestCpuid(description),
  };
  await writeAnswered(terminal, answer, format);
  return exitOf(guest);
}

function exitOf({ refusal, isComplete, entries }: GuestCpuid): ExitCode {
  if (refusal !== null) return exitCodes.no;
  const isKnown = isComplete && entries.every(({ unknown, isUncertain }) => unknown === undefined && !isUncertain);
  return isKnown ? exitCodes.yes : exitCodes.unknown;
}

function exitOfComparison({ verdict }: GuestCpuidComparison): ExitCode {
  if (verdict === 'equal') return exitCodes.yes;
  return verdict === 'different' ? exitCodes.no : exitCodes.unknown;
}
