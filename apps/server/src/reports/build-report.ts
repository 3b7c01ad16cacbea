import {
  assertNever,
  AtlasError,
  compareSnapshots,
  computeHostMatrix,
  findBaselineInSteps,
  isAnswering,
  judgeGuestSecurity,
  listSecurityFlags,
  rankChoicesInSteps,
  reportBaseline,
  reportChoices,
  reportComparison,
  reportMatrices,
  reportSecurity,
  silenceOf,
} from '@cpu-atlas/core';
import type {
  GuestSecurity,
  PlanHost,
  PlanRequest,
  Report,
  ReportFact,
  ReportOrigin,
  ResolveContext,
  SecurityGroup,
} from '@cpu-atlas/core';
import type { ReportRequestBody } from '@cpu-atlas/contract';
import { createTurns, inSlices } from '../turns.ts';
import { machineFor } from '../plan/machine-for.ts';
import { abiLevelOf } from '../routes/plans-documents.ts';
import type { ReportedHost } from './report-host.ts';

type RequestOf<Kind extends ReportRequestBody['kind']> = Extract<ReportRequestBody, { readonly kind: Kind }>;
/** Kinds that need nothing but their hosts. */
export type HostReportRequest = RequestOf<'matrix' | 'comparison' | 'baseline' | 'choices' | 'security'>;

/**
 * The report about some hosts.
 * @throws REQUEST_INVALID for a comparison of what cannot be compared, MACHINE_TYPE_UNKNOWN, ACCELERATOR_UNKNOWN
 */
export async function buildHostReport(
  request: HostReportRequest,
  hosts: readonly ReportedHost[],
  { atlasVersion, assumptions = [] }: { readonly atlasVersion: string; readonly assumptions?: readonly string[] },
): Promise<Report> {
  const plans = hosts.map(({ plan }) => plan);
  const originOf = (part: Partial<ReportOrigin>): ReportOrigin => ({
    atlasVersion,
    ...{ accel: null, machine: null, kernelIrqchip: null },
    hosts: hosts.map(({ origin }) => origin),
    ...part,
    options: [...asOfOption('at' in request ? request.at : undefined), ...(part.options ?? [])],
    assumptions: [...(part.assumptions ?? []), ...assumptions],
  });
  switch (request.kind) {
    case 'matrix': {
      const { accel, kernelIrqchip, models, machines } = request;
      const options = [...listOption('Models', models), ...listOption('Machine types', machines)];
      const matrices = hosts.map(({ plan }) => {
        const context = seenContext(plan);
        return { name: plan.name, compute: () => computeHostMatrix(context, { accel, kernelIrqchip }) };
      });
      const silent = plans.flatMap((plan) => (isAnswering(plan) ? [] : [lastHeard(plan)]));
      const origin = originOf({ accel, kernelIrqchip: kernelIrqchip ?? null, options, assumptions: silent });
      return reportMatrices(matrices, origin, { models, machines });
    }
    case 'comparison': {
      const [a, b] = plans.map(seenContext);
      return reportComparison(compareSnapshots(a, b), originOf({ assumptions: plans.flatMap(toldLast) }));
    }
    case 'baseline': {
      const { mode, migratable } = request;
      const { plan, origin } = planOf(request, plans);
      const options = [
        { name: 'Best means', value: mode },
        { name: 'Only what survives a migration', value: migratable ? 'yes' : 'no' },
      ];
      const baseline = await inSlices(findBaselineInSteps(plans, { ...plan, mode, migratable }));
      return reportBaseline(baseline, originOf({ ...origin, options }));
    }
    case 'choices': {
      const { plan, origin } = planOf(request, plans);
      const wished = listSecurityFlags().flatMap(({ flag, advice }) => (advice === 'optional' ? [] : [flag]));
      const asked = { ...plan, models: request.models, wished, abiLevelOf };
      const choices = await inSlices(rankChoicesInSteps(plans, asked));
      const options = [{ name: 'Choices', value: `the first ${request.limit} of ${choices.length}` }];
      return reportChoices(choices.slice(0, request.limit), originOf({ ...origin, options }));
    }
    case 'security': {
      const { plan, origin } = planOf(request, plans);
      const groups = await judgeHosts(hosts, { ...plan, cpu: request.model });
      const options = [{ name: '-cpu', value: request.model }];
      return reportSecurity(listSecurityFlags(), groups, originOf({ ...origin, options }));
    }
    default:
      return assertNever(request);
  }
}

/** Hosts on which the flags of a guest come out the same, in the order of their first hosts. */
export async function judgeHosts(
  hosts: readonly ReportedHost[],
  launch: PlanRequest & { readonly cpu: string },
): Promise<readonly SecurityGroup[]> {
  const turns = createTurns();
  const byContext = new Map<ResolveContext, Map<string, GuestSecurity>>();
  const groups = new Map<
    string,
    { readonly hosts: { id: string; name: string }[]; readonly security: GuestSecurity }
  >();
  for (const { plan, vulnerabilities } of hosts) {
    const security = judgeHost(byContext, plan, launch, vulnerabilities);
    const key = JSON.stringify(security);
    const group = groups.get(key) ?? { hosts: [], security };
    group.hosts.push({ id: plan.id, name: plan.name });
    groups.set(key, group);
    await turns.take();
  }
  return [...groups.values()];
}

function judgeHost(
  known: Map<ResolveContext, Map<string, GuestSecurity>>,
  plan: PlanHost,
  launch: PlanRequest & { readonly cpu: string },
  vulnerabilities: ReportedHost['vulnerabilities'],
): GuestSecurity {
  const silence = silenceOf(plan);
  if (silence !== null || 'unseen' in plan.context) return { kind: 'unknown', reason: silence ?? 'it was not seen' };
  const judged = known.get(plan.context) ?? new Map<string, GuestSecurity>();
  known.set(plan.context, judged);
  const key = JSON.stringify(vulnerabilities ?? null);
  const security = judged.get(key) ?? judgeGuestSecurity(plan.context, launch, vulnerabilities);
  judged.set(key, security);
  return security;
}

function planOf(
  request: RequestOf<'baseline' | 'choices' | 'security'>,
  hosts: readonly PlanHost[],
): { readonly plan: PlanRequest; readonly origin: Partial<ReportOrigin> } {
  const { accel, kernelIrqchip } = request;
  const machine = machineFor(hosts, request.machine);
  return { plan: { accel, machine, kernelIrqchip }, origin: { accel, machine, kernelIrqchip: kernelIrqchip ?? null } };
}

/** A matrix or comparison is of what a host looked like; there must be something to look at. @throws SNAPSHOT_INVALID */
function seenContext({ name, context }: PlanHost): ResolveContext {
  if (!('unseen' in context)) return context;
  throw new AtlasError('SNAPSHOT_INVALID', context.unseen, { where: name, remedy: 'probe the host again' });
}

const lastHeard = ({ name, freshness }: PlanHost): string =>
  `${name} is ${freshness}: this is of what it looked like when it was last heard`;

const toldLast = (plan: PlanHost): readonly string[] => (isAnswering(plan) ? [] : [lastHeard(plan)]);

const listOption = (name: string, values: readonly string[] | undefined): readonly ReportFact[] =>
  values === undefined ? [] : [{ name, value: values.join(' ') }];

/** The time as of which hosts are told; none where that is now. */
export const asOfOption = (at: string | undefined): readonly ReportFact[] =>
  at === undefined ? [] : [{ name: 'As of', value: new Date(at).toISOString() }];
