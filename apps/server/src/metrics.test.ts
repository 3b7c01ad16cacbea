import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

const gauges = {
  version: '0.1.0',
  hosts: 1,
  hostsByFreshness: { fresh: 1, stale: 0, unreachable: 2 },
  contacts: 7,
  contactsWaiting: 0,
  contactSeconds: null,
  commandsParked: 0,
  eventStreams: 0,
  snapshotAgeSeconds: 12.5,
  probeSeconds: null,
  catalogsShipped: 3,
  catalogsHarvested: 1,
  residentBytes: 1000,
  uptimeSeconds: 5,
};

describe('metrics', () => {
  it('are in the text format of Prometheus', () => {
    const metrics = createMetrics();
    metrics.countRequest(200);
    metrics.countRequest(204);
    metrics.countRequest(404);
    metrics.countVerification('equal');
    metrics.countResolutions(3);
    const text = metrics.render(gauges);
    expect(text).toMatch(/^(?:# (?:HELP|TYPE) \w+ .+\n|\w+(?:\{\w+="[^"]*"(?:,\w+="[^"]*")*\})? [\d.]+\n)+$/);
    expect(text).toContain('cpu_atlas_http_requests_total{class="2xx"} 2\n');
    expect(text).toContain('cpu_atlas_http_requests_total{class="4xx"} 1\n');
    expect(text).toContain('cpu_atlas_verifications_total{outcome="equal"} 1\n');
    expect(text).toContain('cpu_atlas_resolutions_total 3\n');
    expect(text).toContain('cpu_atlas_hosts_by_freshness{state="unreachable"} 2\n');
    expect(text).toContain('cpu_atlas_catalogs{source="shipped"} 3\n');
  });

  it('leave out what is not known', () => {
    expect(createMetrics().render(gauges)).not.toMatch(/^cpu_atlas_probe_duration_seconds /m);
  });

  it('are few', () => {
    expect(
      createMetrics()
        .render(gauges)
        .match(/^# TYPE/gm),
    ).toHaveLength(16);
  });
});
