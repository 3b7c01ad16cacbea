import { listSecurityFlags } from '@cpu-atlas/core';
import { securityQuerySchema, securityResultSchema } from '@cpu-atlas/contract';
import { replyOf, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import { judgeHosts } from '../reports/build-report.ts';
import { readReportHosts } from '../reports/read-report-hosts.ts';
import type { Services } from '../services.ts';
import { machineFor } from '../plan/machine-for.ts';

/** Which mitigations a guest has on each host, against what the host says of its vulnerabilities. */
export function registerSecurity(app: App, services: Services): void {
  app.get(
    '/security',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['security'],
        summary: 'Mitigation flags of a guest × hosts, with what the hosts say of their vulnerabilities',
        description:
          'A host that does not answer is unknown. Hosts on which everything comes out the same are one group.',
        querystring: securityQuerySchema,
        response: { 200: replyOf(securityResultSchema), ...problemReplies(400, 404, 422) },
      },
    },
    async ({ query: { model, accel, kernelIrqchip, catalog, machine: asked, at } }) => {
      const hosts = await readReportHosts(services, { catalog, readsEach: true, at });
      const machine = machineFor(
        hosts.map(({ plan }) => plan),
        asked,
      );
      const groups = await judgeHosts(hosts, { accel, machine, kernelIrqchip, cpu: model });
      const assumptions = new Set(hosts.flatMap(({ origin }) => origin.assumption ?? []));
      if (asked === undefined) assumptions.add(`machine type ${machine}`);
      const flags = listSecurityFlags();
      return {
        model,
        machine,
        accel,
        kernelIrqchip: kernelIrqchip ?? null,
        assumptions: [...assumptions],
        flags,
        groups,
      };
    },
  );
}
