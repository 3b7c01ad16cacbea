/** Numbers for Prometheus: some dozens of series, never one per feature, model or host. */
export interface Metrics {
  countRequest(statusCode: number): void;
  countVerification(outcome: string): void;
  countResolutions(count: number): void;
  /** The text exposition format, version 0.0.4. */
  render(gauges: Gauges): string;
}

export interface Gauges {
  readonly version: string;
  readonly hosts: number;
  readonly hostsByFreshness: Readonly<Record<'fresh' | 'stale' | 'unreachable', number>>;
  /** Contacts of hosts that were stored since the start. */
  readonly contacts: number;
  readonly contactsWaiting: number;
  /** What the store took for the last one; null before the first. */
  readonly contactSeconds: number | null;
  /** Requests of agents that are held back until there is a command. */
  readonly commandsParked: number;
  readonly eventStreams: number;
  readonly snapshotAgeSeconds: number | null;
  readonly probeSeconds: number | null;
  readonly catalogsShipped: number;
  readonly catalogsHarvested: number;
  readonly residentBytes: number;
  readonly uptimeSeconds: number;
}

interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export function createMetrics(): Metrics {
  const requests = new Map<string, number>();
  const verifications = new Map<string, number>();
  let resolutions = 0;
  const add = (map: Map<string, number>, key: string): void => void map.set(key, (map.get(key) ?? 0) + 1);
  const samples = (map: ReadonlyMap<string, number>, label: string): Sample[] =>
    [...map].sort(([a], [b]) => a.localeCompare(b)).map(([key, value]) => ({ labels: { [label]: key }, value }));

  return {
    countRequest: (statusCode) => add(requests, `${Math.floor(statusCode / 100)}xx`),
    countVerification: (outcome) => add(verifications, outcome),
    countResolutions: (count) => void (resolutions += count),
    render: (gauges) =>
      [
        family('cpu_atlas_build_info', 'gauge', 'Version of CPU Atlas.', [
          { labels: { version: gauges.version }, value: 1 },
        ]),
        family('cpu_atlas_uptime_seconds', 'gauge', 'Time since the server started.', [
          { value: gauges.uptimeSeconds },
        ]),
        family('cpu_atlas_hosts', 'gauge', 'Hosts that the server answers for.', [{ value: gauges.hosts }]),
        family(
          'cpu_atlas_hosts_by_freshness',
          'gauge',
          'Hosts by whether they were heard lately.',
          Object.entries(gauges.hostsByFreshness).map(([state, value]) => ({ labels: { state }, value })),
        ),
        family('cpu_atlas_contacts_total', 'counter', 'Contacts of hosts that were stored.', [
          { value: gauges.contacts },
        ]),
        family('cpu_atlas_contacts_waiting', 'gauge', 'Contacts that wait for the store.', [
          { value: gauges.contactsWaiting },
        ]),
        family(
          'cpu_atlas_contact_duration_seconds',
          'gauge',
          'What the store took for the last contact.',
          present(gauges.contactSeconds),
        ),
        family('cpu_atlas_commands_parked', 'gauge', 'Agents that wait for commands.', [
          { value: gauges.commandsParked },
        ]),
        family('cpu_atlas_event_streams', 'gauge', 'Streams of events that are open.', [
          { value: gauges.eventStreams },
        ]),
        family(
          'cpu_atlas_snapshot_age_seconds',
          'gauge',
          'Age of the snapshot of this host.',
          present(gauges.snapshotAgeSeconds),
        ),
        family(
          'cpu_atlas_probe_duration_seconds',
          'gauge',
          'Duration of the last probe.',
          present(gauges.probeSeconds),
        ),
        family('cpu_atlas_catalogs', 'gauge', 'Catalogs by where they come from.', [
          { labels: { source: 'shipped' }, value: gauges.catalogsShipped },
          { labels: { source: 'harvested' }, value: gauges.catalogsHarvested },
        ]),
        family(
          'cpu_atlas_http_requests_total',
          'counter',
          'Answered requests by class of status.',
          samples(requests, 'class'),
        ),
        family('cpu_atlas_resolutions_total', 'counter', 'Resolutions computed for clients.', [{ value: resolutions }]),
        family(
          'cpu_atlas_verifications_total',
          'counter',
          'Cells proven by QEMU, by outcome.',
          samples(verifications, 'outcome'),
        ),
        family('process_resident_memory_bytes', 'gauge', 'Resident memory.', [{ value: gauges.residentBytes }]),
      ].join(''),
  };
}

function present(value: number | null): readonly Sample[] {
  return value === null ? [] : [{ value }];
}

function family(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(({ labels = {}, value }) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${text.replace(/[\\"\n]/g, '_')}"`);
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}
