import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  compareGuestCpuids,
  describeComparison,
  describeGuestCpuid,
  guestCpuid,
  type GuestCpuid,
  type GuestCpuidDescription,
} from '@cpu-atlas/core';
import {
  guestCpuidsRequestSchema,
  guestCpuidsResultSchema,
  type GuestCpuidComparisonDocument,
  type GuestCpuidItem,
  type Problem,
  type UsedCatalog,
} from '@cpu-atlas/contract';
import { withAssumptions, type AnswerContexts } from '../answer-contexts.ts';
import { replyOf, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import { toProblem } from '../problems.ts';
import type { Services } from '../services.ts';

/** One or many requests in, the whole CPUID of a vCPU out for each, in order. */
export function registerGuestCpuids(app: App, { contexts }: Services): void {
  app.post(
    '/guest-cpuids',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['resolutions'],
        summary: 'The whole CPUID that guests get, leaf by leaf',
        description:
          'What QEMU hands to KVM for one vCPU. compare tells what would change under a guest that moves from the first to another.',
        body: guestCpuidsRequestSchema,
        response: { 200: replyOf(guestCpuidsResultSchema), ...problemReplies(400, 413, 415) },
      },
    },
    async ({ body, id: requestId }) => {
      const answers: Answered[] = [];
      for (const item of body.requests) {
        answers.push(await answer(item, contexts, requestId));
        await nextTurn();
      }
      return {
        guestCpuids: answers.map(({ document }) => document),
        comparisons: body.compare ? compareWithFirst(answers) : [],
      };
    },
  );
}

type Document =
  | {
      readonly id: GuestCpuidItem['id'];
      readonly ok: true;
      readonly snapshotHash: string;
      readonly catalog: UsedCatalog;
      readonly guestCpuid: GuestCpuidDescription;
    }
  | { readonly id: GuestCpuidItem['id']; readonly ok: false; readonly error: Problem };

interface Answered {
  readonly document: Document;
  /** null: there is no answer. */
  readonly guest: GuestCpuid | null;
}

async function answer(item: GuestCpuidItem, contexts: AnswerContexts, requestId: string): Promise<Answered> {
  const { id, accel, machine, cpu, kernelIrqchip, smp, vcpu } = item;
  try {
    const source = await contexts.of(item);
    const { context, snapshotHash, used } = source;
    const guest = guestCpuid(context, { accel, machine, cpu, kernelIrqchip, smp }, { vcpu });
    const described = describeGuestCpuid(context.index, guest);
    const resolution = withAssumptions(guest.resolution, source);
    const assumptions = [...new Set([...resolution.assumptions, ...guest.assumptions])];
    const document = { ...described, resolution, assumptions };
    return { guest, document: { id, ok: true, snapshotHash, catalog: used, guestCpuid: document } };
  } catch (error) {
    return { guest: null, document: { id, ok: false, error: toProblem(error, requestId) } };
  }
}

function compareWithFirst(answers: readonly Answered[]): GuestCpuidComparisonDocument[] {
  const first = answers.findIndex(({ guest }) => guest !== null);
  const base = answers[first]?.guest ?? null;
  if (base === null) return [];
  return answers.flatMap(({ guest }, second) =>
    guest === null || second === first
      ? []
      : [{ first, second, ...describeComparison(compareGuestCpuids(base, guest)) }],
  );
}
