import { setImmediate as nextTurn } from 'node:timers/promises';
import { compareCpus, describeHost, isAnswering, silenceOf } from '@cpu-atlas/core';
import type { LibvirtComparison, LibvirtCpu, LibvirtMapIndex, PlanHost, PlanRequest } from '@cpu-atlas/core';
import { cpuComparisonRequestSchema, cpuComparisonResultSchema } from '@cpu-atlas/contract';
import type { CpuComparisonRequest, CpuComparisonResult } from '@cpu-atlas/contract';
import { replyOf, type App } from '../http-types.ts';
import { openLibvirtMaps, type LibvirtMaps } from '../libvirt-maps.ts';
import { problemReplies } from '../problem-replies.ts';
import type { Services } from '../services.ts';
import { machineFor } from '../plan/machine-for.ts';

type Compared = CpuComparisonResult['comparisons'][number];

/** A CPU definition compared with hosts, as libvirt compares them. */
export function registerCpuComparisons(app: App, services: Services, maps: LibvirtMaps = openLibvirtMaps()): void {
  app.post(
    '/cpu-comparisons',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['baselines'],
        summary: 'Whether hosts have what a CPU definition asks for, as libvirt judges it',
        body: cpuComparisonRequestSchema,
        response: { 200: replyOf(cpuComparisonResultSchema), ...problemReplies(400, 404, 422) },
      },
    },
    async ({ body }) => answerComparisons(services, maps, body),
  );
}

async function answerComparisons(
  services: Services,
  maps: LibvirtMaps,
  body: CpuComparisonRequest,
): Promise<CpuComparisonResult> {
  const index = await maps.of(body.libvirt);
  const libvirt = index.map.release;
  if (body.hostCpu !== undefined) {
    const hostModel = body.hostCpu.model ?? null;
    return {
      libvirt,
      comparisons: [{ host: null, hostModel, comparison: compareCpus(index, body.hostCpu, body.cpu) }],
    };
  }
  const { hosts } = await services.planHosts.read(body);
  const request = { accel: body.accel, machine: machineFor(hosts, body.machine), kernelIrqchip: body.kernelIrqchip };
  const known = new Map<unknown, Omit<Compared, 'host'>>();
  const comparisons: Compared[] = [];
  for (const host of hosts) {
    const key = silenceOf(host) === null ? host.context : host;
    const found = known.get(key) ?? compareHost(index, host, request, body.cpu);
    known.set(key, found);
    comparisons.push({ host: host.id, ...found });
    if (known.size % 8 === 0) await nextTurn();
  }
  return { libvirt, comparisons };
}

const unknown = (reason: string): Omit<Compared, 'host'> => ({
  hostModel: null,
  comparison: { outcome: 'unknown', reason, missing: [], forbidden: [], extra: [] },
});

/** A host that does not answer is unknown, whatever it looked like. */
function compareHost(
  index: LibvirtMapIndex,
  host: PlanHost,
  request: PlanRequest,
  cpu: LibvirtCpu,
): Omit<Compared, 'host'> {
  if (!isAnswering(host)) return unknown(silenceOf(host) ?? 'it does not answer');
  const described = describeHost(index, host.context, request);
  if (described.outcome === 'unknown') return unknown(described.reason);
  if (described.outcome === 'error') return { hostModel: null, comparison: asError(described.reason) };
  return { hostModel: described.cpu.model, comparison: compareCpus(index, described.cpu, cpu) };
}

const asError = (reason: string): LibvirtComparison => ({
  outcome: 'error',
  reason,
  missing: [],
  forbidden: [],
  extra: [],
});
