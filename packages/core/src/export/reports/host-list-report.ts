import type { Report } from '../report.ts';
import { originFacts, originRemarks, originTable, type ReportOrigin } from './report-origin.ts';

/** One line about a host. */
export interface HostLine {
  readonly name: string;
  readonly id: string;
  readonly source: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cpuName: string | null;
  readonly vendor: string | null;
  readonly kernelRelease: string | null;
  readonly hypervisor: string | null;
  readonly qemu: readonly string[];
  readonly fingerprint: string;
}

/** The hosts as they are known. */
export function reportHosts(hosts: readonly HostLine[], origin: ReportOrigin): Report {
  return {
    title: `${hosts.length} hosts`,
    facts: originFacts(origin),
    tables: [
      {
        name: 'Hosts',
        columns: [
          { key: 'name', head: 'Host', kind: 'text' },
          { key: 'id', head: 'Id', kind: 'text' },
          { key: 'source', head: 'Known by', kind: 'text' },
          { key: 'cpu', head: 'CPU', kind: 'text' },
          { key: 'vendor', head: 'Vendor', kind: 'text' },
          { key: 'kernel', head: 'Kernel', kind: 'text' },
          { key: 'hypervisor', head: 'Runs under', kind: 'text' },
          { key: 'qemu', head: 'QEMU', kind: 'text' },
          { key: 'labels', head: 'Labels', kind: 'text' },
          { key: 'fingerprint', head: 'Fingerprint', kind: 'text' },
        ],
        rows: hosts.map((host) => [
          ...[host.name, host.id, host.source, host.cpuName, host.vendor, host.kernelRelease, host.hypervisor],
          host.qemu.join('; '),
          Object.entries(host.labels)
            .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
            .sort()
            .join(' '),
          host.fingerprint,
        ]),
      },
      originTable(origin),
    ],
    remarks: originRemarks(origin),
  };
}
