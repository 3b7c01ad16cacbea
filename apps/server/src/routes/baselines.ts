import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  abiReach,
  AtlasError,
  baselineCpus,
  commonMachine,
  describeHost,
  findBaselineInSteps,
  isAnswering,
  judgePreset,
  listPresets,
} from '@cpu-atlas/core';
import type { Baseline, LibvirtCpu, PlanHost, PlanRequest, VendorBaseline } from '@cpu-atlas/core';
import { baselineRequestSchema, baselineResultSchema } from '@cpu-atlas/contract';
import type { BaselineRequestBody, BaselineResult } from '@cpu-atlas/contract';
import { replyOf, type App } from '../http-types.ts';
import { openLibvirtMaps, type LibvirtMaps } from '../libvirt-maps.ts';
import { problemReplies } from '../problem-replies.ts';
import type { Services } from '../services.ts';
import { readPlanHosts } from './baselines-hosts.ts';

/** Other requests get a turn at least this often. */
const sliceMs = 8;

/** The best CPU that runs on all of some hosts. */
export function registerBaselines(app: App, services: Services, maps: LibvirtMaps = openLibvirtMaps()): void {
  app.post(
    '/baselines',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['baselines'],
        summary: 'The best CPU that runs on all of some hosts',
        description:
          'Hosts that do not answer make the outcome unknown; hosts of several vendors get one baseline each.',
        body: baselineRequestSchema,
        response: { 200: replyOf(baselineResultSchema), ...problemReplies(400, 404, 422) },
      },
    },
    async ({ body }) => answerBaseline(services, maps, body),
  );
}

async function answerBaseline(
  services: Services,
  maps: LibvirtMaps,
  body: BaselineRequestBody,
): Promise<BaselineResult> {
  const { hosts, assumptions } = await readPlanHosts(services, body);
  const request = { accel: body.accel, machine: machineFor(hosts, body.machine), kernelIrqchip: body.kernelIrqchip };
  const { mode, migratable } = body;
  const baseline = await inSlices(findBaselineInSteps(hosts, { ...request, mode, migratable }));
  const libvirt = body.libvirt === undefined ? null : await askLibvirt(maps, body.libvirt, hosts, request, migratable);
  return {
    ...describeBaseline(baseline),
    kernelIrqchip: body.kernelIrqchip ?? null,
    assumptions: body.machine === undefined ? [`machine type ${request.machine}`, ...assumptions] : assumptions,
    libvirt,
  };
}

/** The newest versioned q35 that all of these hosts' QEMUs have. @throws MACHINE_TYPE_UNKNOWN */
export function machineFor(hosts: readonly PlanHost[], asked: string | undefined): string {
  if (asked !== undefined) return asked;
  const indexes = new Set(hosts.flatMap(({ context }) => ('unseen' in context ? [] : [context.index])));
  const machine = commonMachine([...indexes]);
  if (machine !== null) return machine;
  throw new AtlasError('MACHINE_TYPE_UNKNOWN', 'these hosts have no versioned q35 machine type in common', {
    where: 'machine',
    remedy: 'name a machine type, or choose other hosts',
  });
}

/** What anybody wants to know of a CPU besides its features. */
function describeBaseline(baseline: Baseline) {
  const vendors = baseline.vendors.map((vendor: VendorBaseline) => {
    const has = (feature: string): boolean => vendor.features.includes(feature);
    return { ...vendor, abi: abiReach(has), presets: listPresets().map((preset) => judgePreset(preset, has)) };
  });
  return { ...baseline, vendors };
}

/** libvirt's own baseline of the same hosts: a host that does not answer makes it unknown, as libvirt cannot know. */
async function askLibvirt(
  maps: LibvirtMaps,
  release: string,
  hosts: readonly PlanHost[],
  request: PlanRequest,
  migratable: boolean,
): Promise<BaselineResult['libvirt']> {
  const index = await maps.of(release);
  const told = { release: index.map.release };
  const cpus = new Map<unknown, LibvirtCpu>();
  for (const host of hosts) {
    if (!isAnswering(host)) return { outcome: 'unknown', ...told, reason: `${host.name} does not answer` };
    if (cpus.has(host.context)) continue;
    const described = describeHost(index, host.context, request);
    if (described.outcome !== 'ok') return { outcome: described.outcome, ...told, reason: described.reason };
    cpus.set(host.context, described.cpu);
    await nextTurn();
  }
  const answer = baselineCpus(index, [...cpus.values()], { migratable });
  return answer.outcome === 'ok'
    ? { outcome: 'ok', ...told, cpu: answer.cpu }
    : { outcome: 'error', ...told, reason: answer.reason };
}

/** Runs steps to their end without keeping others waiting. */
export async function inSlices<T>(steps: Generator<void, T, void>): Promise<T> {
  let sliceStart = performance.now();
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (performance.now() - sliceStart < sliceMs) continue;
    await nextTurn();
    sliceStart = performance.now();
  }
}
