import {
  assertNever,
  AtlasError,
  createContext,
  indexCatalog,
  listAbiLevels,
  listSecurityFlags,
  optimisePoolsInSteps,
  rankChoicesInSteps,
  whatIfInSteps,
} from '@cpu-atlas/core';
import type { FleetChange, HostSnapshot, PlanHost, PlanRequest, ResolveContext } from '@cpu-atlas/core';
import { planRequestSchema, planResultSchema } from '@cpu-atlas/contract';
import type { FleetChangeBody, PlanRequestBody, PlanResult } from '@cpu-atlas/contract';
import { catalogOfHost } from '../fleet/host-catalog.ts';
import { replyOf, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import type { Services } from '../services.ts';
import { machineFor } from '../plan/machine-for.ts';
import { inSlices } from '../turns.ts';
import {
  abiLevelOf,
  documentChoice,
  documentEffect,
  documentPool,
  documentUnplaced,
  documentVmEffect,
  refOf,
} from './plans-documents.ts';

type BodyOf<Kind extends PlanRequestBody['kind']> = Extract<PlanRequestBody, { readonly kind: Kind }>;
type ResultOf<Kind extends PlanResult['kind']> = Extract<PlanResult, { readonly kind: Kind }>;

/** Ranked choices for a pool, pools for a fleet, and what a change would do. */
export function registerPlans(app: App, services: Services): void {
  app.post(
    '/plans',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['plans'],
        summary: 'Ranked CPUs for a pool, pools for a fleet, what a change would do',
        description:
          'Hosts that do not answer make answers unknown, never wider. See docs/planner.md for how choices are ranked.',
        body: planRequestSchema,
        response: { 200: replyOf(planResultSchema), ...problemReplies(400, 404, 413, 422) },
      },
    },
    async ({ body }) => answerPlan(services, body),
  );
}

async function answerPlan(services: Services, body: PlanRequestBody): Promise<PlanResult> {
  const isExact = body.kind === 'what-if' && reliesOnTsc(body.vms ?? []);
  const { hosts, assumptions } = await services.planHosts.read({ ...body, isExact });
  const machine = machineFor(hosts, body.machine);
  const request: PlanRequest = { accel: body.accel, machine, kernelIrqchip: body.kernelIrqchip };
  const answered = {
    machine,
    assumptions: body.machine === undefined ? [`machine type ${machine}`, ...assumptions] : assumptions,
  };
  switch (body.kind) {
    case 'choices':
      return { ...answered, ...(await answerChoices(hosts, request, body)) };
    case 'pools':
      return { ...answered, ...(await answerPools(hosts, request, body)) };
    case 'what-if':
      return { ...answered, ...(await answerWhatIf(services, hosts, request, body)) };
    default:
      return assertNever(body);
  }
}

/** Whether any VM keeps the frequency of its TSC, so that hosts of one fingerprint may differ for it. */
export function reliesOnTsc(vms: readonly { readonly cpu: string }[]): boolean {
  return vms.some(({ cpu }) => /invtsc|tsc[-_]freq|migratable=(?:off|no|false)/.test(cpu));
}

/** Mitigations that whoever has the host's support should have, immunities only where all hosts have them. */
const mitigations = (): string[] =>
  listSecurityFlags().flatMap(({ flag, advice }) => (advice === 'optional' ? [] : [flag]));

type Unanswered<Kind extends PlanResult['kind']> = Omit<ResultOf<Kind>, 'machine' | 'assumptions'>;

async function answerChoices(
  hosts: readonly PlanHost[],
  request: PlanRequest,
  { models, lines, wished, limit }: BodyOf<'choices'>,
): Promise<Unanswered<'choices'>> {
  const asked = { ...request, models, lines, wished: wished ?? mitigations(), abiLevelOf };
  const choices = await inSlices(rankChoicesInSteps(hosts, asked));
  return { kind: 'choices', total: choices.length, choices: choices.slice(0, limit).map(documentChoice) };
}

async function answerPools(
  hosts: readonly PlanHost[],
  request: PlanRequest,
  body: BodyOf<'pools'>,
): Promise<Unanswered<'pools'>> {
  const { requiredFeatures = [], requiredAbiLevel = 0, ...constraints } = body.constraints ?? {};
  const ofLevel = listAbiLevels().flatMap(({ level, adds }) => (level <= requiredAbiLevel ? adds : []));
  const asked = {
    ...request,
    constraints: { ...definedOnly(constraints), required: [...new Set([...requiredFeatures, ...ofLevel])] },
    maxPools: body.maxPools,
    load: body.load,
    capacity: body.capacity === undefined ? undefined : new Map(Object.entries(body.capacity)),
    countsNested: body.countsNested,
  };
  const plan = await inSlices(optimisePoolsInSteps(hosts, asked));
  return {
    kind: 'pools',
    choices: plan.choices.map((choice) => ({ ...choice, pools: choice.pools.map(documentPool) })),
    unknown: plan.unknown.map(documentUnplaced),
    unfit: plan.unfit.map(documentUnplaced),
    contradictions: plan.contradictions.map(({ reason, hosts: named }) => ({
      reason,
      hosts: named.slice(0, 16).map(refOf),
    })),
  };
}

/** A constraint that is not given keeps its default. */
function definedOnly<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Partial<T>;
}

async function answerWhatIf(
  services: Services,
  hosts: readonly PlanHost[],
  request: PlanRequest,
  { changes, vms = [] }: BodyOf<'what-if'>,
): Promise<Unanswered<'what-if'>> {
  const made: FleetChange[] = [];
  for (const change of changes) made.push(await readChange(services, hosts, change));
  const { models, gained, lost, vms: moved } = await inSlices(whatIfInSteps({ hosts, request }, made, vms));
  return {
    kind: 'what-if',
    models: models.map(documentEffect),
    gained,
    lost,
    vms: moved.map(documentVmEffect),
  };
}

async function readChange(
  services: Services,
  hosts: readonly PlanHost[],
  change: FleetChangeBody,
): Promise<FleetChange> {
  switch (change.kind) {
    case 'remove':
      return { kind: 'remove', hostId: change.host };
    case 'configure': {
      const { machine, kernelIrqchip } = change;
      return { kind: 'configure', request: definedOnly({ machine, kernelIrqchip }) };
    }
    case 'add': {
      const { id, name, labels = {} } = change.snapshot.host;
      const host = await prepareHost(services, change.snapshot, change.catalog);
      return { kind: 'add', host: { id, name, labels, freshness: 'fresh', ...host } };
    }
    case 'replace': {
      const host = hosts.find(({ id }) => id === change.host);
      if (host === undefined) throw noSuchHost(change.host);
      const snapshot = change.snapshot ?? ('unseen' in host.context ? null : host.context.snapshot);
      if (snapshot === null) throw noSuchHost(change.host);
      const { freshness } = change.snapshot === undefined ? host : { freshness: 'fresh' as const };
      return {
        kind: 'replace',
        host: { ...host, freshness, ...(await prepareHost(services, snapshot, change.catalog)) },
      };
    }
    default:
      return assertNever(change);
  }
}

function noSuchHost(id: string): AtlasError {
  const remedy = 'take the id from GET /api/v1/hosts; a host that was never seen needs a snapshot';
  return new AtlasError('HOST_NOT_FOUND', 'there is no such host to be changed', { where: id, remedy });
}

/** A host that does not exist yet, with its own catalog or another. Its fingerprint is shared with nobody. */
export async function prepareHost(
  { library, readAllCatalogs }: Pick<Services, 'library' | 'readAllCatalogs'>,
  snapshot: HostSnapshot,
  catalog: string | undefined,
): Promise<{
  readonly context: ResolveContext;
  readonly fingerprint: string;
  readonly assumption: string | undefined;
}> {
  await readAllCatalogs();
  const { entry, runsAs, used } = catalog === undefined ? catalogOfHost(library, snapshot) : library.choose(catalog);
  const index = indexCatalog(await library.read(entry.hash), runsAs ?? entry.version);
  const fingerprint = `what-if ${snapshot.host.id} ${snapshot.collectedAt} ${entry.hash} ${runsAs ?? ''}`;
  return { context: createContext(index, snapshot), fingerprint, assumption: used.assumption ?? undefined };
}

/** Gives hosts another QEMU; hosts that shared a context share the new one. @throws CATALOG_NOT_FOUND */
export async function createUpgrader(
  { library, readAllCatalogs }: Pick<Services, 'library' | 'readAllCatalogs'>,
  catalog: string,
): Promise<(host: PlanHost) => PlanHost> {
  await readAllCatalogs();
  const { entry, runsAs, used } = library.choose(catalog);
  const index = indexCatalog(await library.read(entry.hash), runsAs ?? entry.version);
  const contexts = new Map<ResolveContext, ResolveContext>();
  return (host) => {
    if ('unseen' in host.context) return host;
    const context = contexts.get(host.context) ?? createContext(index, host.context.snapshot);
    contexts.set(host.context, context);
    const fingerprint = `${host.fingerprint} ${entry.hash} ${runsAs ?? ''}`;
    return { ...host, context, fingerprint, assumption: used.assumption ?? undefined };
  };
}
