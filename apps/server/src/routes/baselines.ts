import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  abiReach,
  baselineCpus,
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
import { machineFor } from '../plan/machine-for.ts';
import { openLibvirtMaps, type LibvirtMaps } from '../libvirt-maps.ts';
import { problemReplies } from '../problem-replies.ts';
import type { Services } from '../services.ts';
import { inSlices } from '../turns.ts';

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
  const { hosts, assumptions } = await services.planHosts.read(body);
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
