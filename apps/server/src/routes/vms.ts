import { analyseVmsInSteps, planDrain, planRollingUpgradeInSteps, AtlasError } from '@cpu-atlas/core';
import type { DrainPlan, PlanHost, RollingUpgrade, VmAnalysis, VmGroup, VmRecord } from '@cpu-atlas/core';
import { vmsRequestSchema, vmsResultSchema } from '@cpu-atlas/contract';
import type { VmsRequestBody, VmsResult } from '@cpu-atlas/contract';
import { readVms } from '@cpu-atlas/importer';
import { replyOf, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import type { Services } from '../services.ts';
import { inSlices } from '../turns.ts';
import { firstObstacles, refOf } from './plans-documents.ts';
import { createUpgrader, reliesOnTsc } from './plans.ts';

/** Where VMs can go: reachability, traps, draining a host, a rolling upgrade. Nothing is kept. */
export function registerVms(app: App, services: Services): void {
  app.post(
    '/vms',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['plans'],
        summary: 'Where VMs can move, which moves are traps, how to empty a host or upgrade all',
        body: vmsRequestSchema,
        response: { 200: replyOf(vmsResultSchema), ...problemReplies(400, 404, 413, 422) },
      },
    },
    async ({ body }) => answerVms(services, body),
  );
}

async function answerVms(services: Services, body: VmsRequestBody): Promise<VmsResult> {
  const read =
    body.text === undefined ? { vms: [], notes: [] } : readVms(body.text, { source: 'text', host: body.host });
  const vms: readonly VmRecord[] = [...body.vms, ...read.vms];
  const { hosts, assumptions } = await services.planHosts.read({ ...body, isExact: reliesOnTsc(vms) });
  const analysis = await inSlices(analyseVmsInSteps(hosts, vms));
  const upgrade = body.upgrade === undefined ? null : await upgradeAll(services, hosts, vms, body.upgrade);
  return {
    groups: analysis.groups.map(documentGroup),
    unread: analysis.unread.map(({ vm, reason }) => ({ vm: vm.name, reason })),
    notes: read.notes,
    assumptions,
    drain: body.drain === undefined ? null : documentDrain(drainOf(analysis, body.drain)),
    upgrade: upgrade === null ? null : documentUpgrade(upgrade),
  };
}

function drainOf(analysis: VmAnalysis, reference: string): DrainPlan {
  const plan = planDrain(analysis, reference);
  if (plan !== null) return plan;
  throw new AtlasError('HOST_NOT_FOUND', 'there is no host of that id or name, or several', {
    where: reference,
    remedy: 'take the id from GET /api/v1/hosts',
  });
}

async function upgradeAll(
  services: Services,
  hosts: readonly PlanHost[],
  vms: readonly VmRecord[],
  { hosts: wanted, catalog }: NonNullable<VmsRequestBody['upgrade']>,
): Promise<RollingUpgrade> {
  const upgradeHost = await createUpgrader(services, catalog);
  const chosen = wanted === undefined ? null : new Set(wanted);
  const upgrades = new Map<string, PlanHost>();
  for (const host of hosts) if (chosen === null || chosen.has(host.id)) upgrades.set(host.id, upgradeHost(host));
  return inSlices(planRollingUpgradeInSteps(hosts, vms, upgrades));
}

function documentGroup({ vms, home, reach, targets, openTargets, canLeave }: VmGroup): VmsResult['groups'][number] {
  const [{ machine, cpu }] = vms;
  return {
    vms: vms.map(({ name }) => name),
    machine,
    cpu,
    home: home.hosts.map(({ id }) => id),
    canLeave,
    targets,
    openTargets,
    reach: reach.map(({ members, move, trap }) => ({
      hosts: members.hosts.map(({ id }) => id),
      answer: move.answer,
      trap: trap.answer,
      line: move.line,
      isOwnLine: move.isOwnLine,
      obstacles: firstObstacles(move.answer === 'yes' ? trap.obstacles : move.obstacles),
    })),
  };
}

function documentDrain({ host, moves, stuck }: DrainPlan): NonNullable<VmsResult['drain']> {
  return {
    host: refOf(host),
    moves: moves.map(({ vm, to, line, isTrap }) => ({ vm: vm.name, to: refOf(to), line, isTrap })),
    stuck: stuck.map(({ vm, answer, nearest, obstacles, mask }) => ({
      vm: vm.name,
      answer,
      nearest: nearest === null ? null : refOf(nearest),
      obstacles: firstObstacles(obstacles),
      mask: mask === null ? null : { ...mask, to: refOf(mask.to) },
    })),
  };
}

function documentUpgrade(upgrade: RollingUpgrade): NonNullable<VmsResult['upgrade']> {
  if (upgrade.kind === 'order') {
    const steps = upgrade.steps.map(({ host, moves }) => ({
      host: refOf(host),
      moves: moves.map(({ vm, to, line }) => ({ vm: vm.name, to: refOf(to), line })),
    }));
    return { kind: 'order', steps };
  }
  const { kind, reason, stranded } = upgrade;
  return {
    kind,
    reason,
    stranded: stranded.map(({ vm, answer, obstacles }) => ({
      vm: vm.name,
      answer,
      obstacles: firstObstacles(obstacles),
    })),
  };
}
