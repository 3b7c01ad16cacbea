import { policyRequestSchema, policyResultSchema, policyTargetNames } from '@cpu-atlas/contract';
import { replyOf, type App } from '../http-types.ts';
import { openLibvirtMaps, type LibvirtMaps } from '../libvirt-maps.ts';
import { problemReplies } from '../problem-replies.ts';
import { compilePolicies } from '../reports/compile-policies.ts';
import { readReportHosts } from '../reports/read-report-hosts.ts';
import type { Services } from '../services.ts';
import { machineFor } from '../plan/machine-for.ts';

/** One intent, written as the configuration of whatever starts the guests. */
export function registerPolicies(app: App, services: Services, maps: LibvirtMaps = openLibvirtMaps()): void {
  app.post(
    '/policies',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['policies'],
        summary:
          'A CPU for some hosts as QEMU line, libvirt XML, nova.conf, KubeVirt, Proxmox, Incus, oVirt, Ansible …',
        description:
          'Each with what a careful reader would object, and the line proven on every host. docs/policies.md.',
        body: policyRequestSchema,
        response: { 200: replyOf(policyResultSchema), ...problemReplies(400, 404, 422) },
      },
    },
    async ({ body: { name, cpu, targets = policyTargetNames, hosts: wanted, catalog, at, libvirt, ...launch } }) => {
      const hosts = await readReportHosts(services, { hosts: wanted, catalog, at });
      const machine = machineFor(
        hosts.map(({ plan }) => plan),
        launch.machine,
      );
      const { proof, policies } = compilePolicies(hosts, {
        ...{ name, cpu, targets, launch: { ...launch, machine } },
        libvirt: libvirt === undefined ? null : await maps.of(libvirt),
      });
      const { answer, yes, no, unknown, total, deciding } = proof;
      const assumptions = new Set(hosts.flatMap(({ origin }) => origin.assumption ?? []));
      if (launch.machine === undefined) assumptions.add(`machine type ${machine}`);
      return {
        machine,
        assumptions: [...assumptions],
        proof: {
          ...{ answer, yes, no, unknown, total },
          deciding: deciding === null ? null : { host: deciding.host.name, reason: deciding.obstacle.reason },
        },
        policies,
      };
    },
  );
}
