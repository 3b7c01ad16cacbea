import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Catalog, HostSnapshot, LibvirtCpuMap, Report, ReportTable, ReportValue } from '@cpu-atlas/core';
import type {
  BaselineRequestBody,
  BaselineResult,
  CatalogSummary,
  Comparison,
  CpuMapList,
  CustomModelCheckRequest,
  CustomModelCheckResult,
  CustomModelList,
  GuestCpuidAnswer,
  GuestCpuidsRequest,
  GuestCpuidsResult,
  HostDetail,
  HostList,
  HostSummary,
  ImportFormatList,
  ImportResultDocument,
  MachineTypeSummary,
  PlanRequestBody,
  PlanResult,
  ReportRequestInput,
  SavedCustomModel,
  SecurityResult,
  StabilityResult,
  TokenCreated,
  TokenList,
  TokenRequest,
  VerificationRequest,
  VerificationResult,
  VmsRequestBody,
  VmsResult,
} from '@cpu-atlas/contract';
import { catalogPath, catalogsPath, hostsPath, snapshotPath } from './paths.ts';
import { requestBytes, requestJson } from './request.ts';

const quickMs = 15_000;
const probeMs = 60_000;
const importMs = 60_000;
const verifyMs = 120_000;
/** All releases against each other, when a catalog is new. */
const stabilityMs = 60_000;
/** A plan for a large fleet of many kinds. */
const planMs = 180_000;
/** Ages and harvest progress move by themselves. */
const pollMs = 30_000;
const busyPollMs = 1_000;

export const hostsQuery = queryOptions({
  queryKey: ['hosts'],
  queryFn: ({ signal }) => requestJson<HostList>(hostsPath, { signal, timeoutMs: quickMs }),
  refetchInterval: ({ state }) => (state.data?.items.some(isBusy) === true ? busyPollMs : pollMs),
  staleTime: 5_000,
});

/** One host with its snapshot; as of a time, RFC 3339, or now ('').  */
export function hostQuery(id: string, at = '') {
  const asOf = at === '' ? '' : `?at=${encodeURIComponent(at)}`;
  return queryOptions({
    queryKey: ['host', id, at],
    queryFn: ({ signal }) =>
      requestJson<HostDetail>(`/hosts/${encodeURIComponent(id)}${asOf}`, { signal, timeoutMs: quickMs }),
    enabled: id !== '',
    refetchInterval: at === '' ? pollMs : false,
    staleTime: at === '' ? 5_000 : Infinity,
  });
}

export const catalogsQuery = queryOptions({
  queryKey: ['catalogs'],
  queryFn: ({ signal }) =>
    requestJson<{ readonly items: readonly CatalogSummary[] }>(catalogsPath, { signal, timeoutMs: quickMs }),
  staleTime: pollMs,
});

/** Something named by its content never changes: it is loaded once. What was shown stays until the next is there. */
export function snapshotQuery(hash: string) {
  return queryOptions({
    queryKey: ['snapshot', hash],
    queryFn: async ({ signal }) => ({
      hash,
      snapshot: await requestJson<HostSnapshot>(snapshotPath(hash), {
        signal,
        timeoutMs: quickMs,
      }),
    }),
    enabled: hash !== '',
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  });
}

export function catalogQuery(hash: string) {
  return queryOptions({
    queryKey: ['catalog', hash],
    queryFn: async ({ signal }) => ({
      hash,
      catalog: await requestJson<Catalog>(catalogPath(hash), { signal, timeoutMs: quickMs }),
    }),
    enabled: hash !== '',
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  });
}

export const importFormatsQuery = queryOptions({
  queryKey: ['import-formats'],
  queryFn: ({ signal }) => requestJson<ImportFormatList>('/imports/formats', { signal, timeoutMs: quickMs }),
  staleTime: Infinity,
});

/** What a host printed, pasted or as a file. A dry run tells what it gives and stores nothing. */
export function requestImport({
  content,
  name,
  isDryRun,
}: {
  readonly content: File | string;
  readonly name: string;
  readonly isDryRun: boolean;
}): Promise<ImportResultDocument> {
  const parameters = new URLSearchParams();
  if (name !== '') parameters.set('name', name);
  if (isDryRun) parameters.set('dryRun', 'true');
  const type = typeof content === 'string' ? 'text/plain' : 'application/octet-stream';
  return requestJson(`/imports?${parameters.toString()}`, { timeoutMs: importMs, upload: { content, type } });
}

export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: ({ signal }) => requestJson<TokenList>('/tokens?limit=1000', { signal, timeoutMs: quickMs }),
});

export function requestToken(request: TokenRequest): Promise<TokenCreated> {
  return requestJson('/tokens', { timeoutMs: quickMs, body: request });
}

export function revokeToken(id: string): Promise<void> {
  return requestJson(`/tokens/${encodeURIComponent(id)}`, { timeoutMs: quickMs, method: 'DELETE' });
}

export const customModelsQuery = queryOptions({
  queryKey: ['custom-models'],
  queryFn: ({ signal }) => requestJson<CustomModelList>('/custom-models', { signal, timeoutMs: quickMs }),
});

/** One custom model; without a version the newest. */
export function customModelQuery(name: string, version?: number) {
  const query = version === undefined ? '' : `?version=${version}`;
  return queryOptions({
    queryKey: [...customModelsQuery.queryKey, name, version ?? 'newest'],
    queryFn: ({ signal }) =>
      requestJson<SavedCustomModel>(`/custom-models/${encodeURIComponent(name)}${query}`, {
        signal,
        timeoutMs: quickMs,
      }),
    enabled: name !== '',
  });
}

/** Saves a new version. */
export function saveCustomModel({ name, ...body }: SavedCustomModel['model']): Promise<SavedCustomModel> {
  return requestJson(`/custom-models/${encodeURIComponent(name)}`, { timeoutMs: quickMs, method: 'PUT', body });
}

export function removeCustomModel(name: string): Promise<void> {
  return requestJson(`/custom-models/${encodeURIComponent(name)}`, { timeoutMs: quickMs, method: 'DELETE' });
}

/** What a file of custom models holds, and what a QEMU does not know of it. */
export function checkCustomModelFile(request: Partial<CustomModelCheckRequest>): Promise<CustomModelCheckResult> {
  return requestJson('/custom-model-checks', { timeoutMs: quickMs, body: request });
}

export function requestProbe(host: string): Promise<{ readonly summary: HostSummary }> {
  return requestJson('/probes', { timeoutMs: probeMs, body: { host } });
}

export function requestVerification(request: VerificationRequest): Promise<VerificationResult> {
  return requestJson('/verifications', { timeoutMs: verifyMs, body: request });
}

type PlanKind = PlanRequestBody['kind'];
/** What is asked of the planner; what is left out is as the backend has it. */
export type AskedPlan<Kind extends PlanKind> = { readonly kind: Kind } & Partial<
  Extract<PlanRequestBody, { readonly kind: Kind }>
>;

/** `stamp` changes when a host of the plan does, so that the answer is asked for anew. */
export function planQuery<Kind extends PlanKind>(body: AskedPlan<Kind>, stamp: string) {
  return queryOptions({
    queryKey: ['plan', body, stamp],
    queryFn: ({ signal }) =>
      requestJson<Extract<PlanResult, { readonly kind: Kind }>>('/plans', { signal, timeoutMs: planMs, body }),
    staleTime: Infinity,
  });
}

export function baselineQuery(body: Partial<BaselineRequestBody>, stamp: string) {
  return queryOptions({
    queryKey: ['baseline', body, stamp],
    queryFn: ({ signal }) => requestJson<BaselineResult>('/baselines', { signal, timeoutMs: planMs, body }),
    staleTime: Infinity,
  });
}

/** Where VMs can go; nothing is kept there. */
export function vmsQuery(body: Partial<VmsRequestBody>, stamp: string) {
  return queryOptions({
    queryKey: ['vms', body, stamp],
    queryFn: ({ signal }) => requestJson<VmsResult>('/vms', { signal, timeoutMs: planMs, body }),
    staleTime: Infinity,
  });
}

/** The machine types of one catalog. */
export function machineTypesQuery(catalog: string) {
  return queryOptions({
    queryKey: ['machine-types', catalog],
    queryFn: ({ signal }) =>
      requestJson<{ readonly items: readonly MachineTypeSummary[] }>(
        `/machine-types?catalog=${encodeURIComponent(catalog)}`,
        { signal, timeoutMs: quickMs },
      ),
    staleTime: Infinity,
  });
}

function isBusy(host: HostSummary): boolean {
  return host.isProbing || host.qemu.some(({ harvest }) => harvest.state === 'running' || harvest.state === 'waiting');
}

/** Definitions that changed between the releases of QEMU; computed anew only when a catalog comes or goes. */
export const stabilityQuery = queryOptions({
  queryKey: ['stability'],
  queryFn: ({ signal }) => requestJson<StabilityResult>('/stability', { signal, timeoutMs: stabilityMs }),
  staleTime: 60_000,
});

export const cpuMapsQuery = queryOptions({
  queryKey: ['cpu-maps'],
  queryFn: ({ signal }) => requestJson<CpuMapList>('/cpu-maps', { signal, timeoutMs: quickMs }),
  staleTime: Infinity,
});

/** libvirt's CPU map of a release. */
export function cpuMapQuery(release: string) {
  return queryOptions({
    queryKey: ['cpu-map', release],
    queryFn: ({ signal }) =>
      requestJson<LibvirtCpuMap>(`/cpu-maps/${encodeURIComponent(release)}`, { signal, timeoutMs: quickMs }),
    enabled: release !== '',
    staleTime: Infinity,
  });
}

/** What changed between two snapshots, layer by layer. */
export function comparisonQuery(a: string, b: string) {
  return queryOptions({
    queryKey: ['comparison', a, b],
    queryFn: ({ signal }) =>
      requestJson<Comparison>('/comparisons', {
        signal,
        timeoutMs: probeMs,
        body: { a: { snapshot: a }, b: { snapshot: b } },
      }),
    enabled: a !== '' && b !== '',
    staleTime: Infinity,
  });
}

/** The whole CPUID of one vCPU of a guest. */
export function guestCpuidQuery(request: GuestCpuidsRequest['requests'][number] | null) {
  return queryOptions({
    queryKey: ['guest-cpuid', request],
    queryFn: async ({ signal }): Promise<GuestCpuidAnswer | null> => {
      const { guestCpuids } = await requestJson<GuestCpuidsResult>('/guest-cpuids', {
        signal,
        timeoutMs: quickMs,
        body: { requests: [request] },
      });
      return guestCpuids[0] ?? null;
    },
    enabled: request !== null,
    placeholderData: keepPreviousData,
    staleTime: pollMs,
  });
}

/** Mitigation flags of a guest on every host. */
export function securityQuery(query: Readonly<Record<string, string>>) {
  return queryOptions({
    queryKey: ['security', query],
    queryFn: ({ signal }) =>
      requestJson<SecurityResult>(`/security?${new URLSearchParams({ ...query }).toString()}`, {
        signal,
        timeoutMs: planMs,
      }),
    placeholderData: keepPreviousData,
    staleTime: pollMs,
    retry: false,
  });
}

/** The first rows of a report. */
export function reportQuery(request: Omit<ReportRequestInput, 'format'>) {
  return queryOptions({
    queryKey: ['report', request],
    queryFn: ({ signal }) =>
      requestJson<ReportPreview>('/reports', { signal, timeoutMs: planMs, body: { ...request, format: 'json' } }),
    placeholderData: keepPreviousData,
    staleTime: pollMs,
    retry: false,
  });
}

/** A report as its JSON form tells it. */
export type ReportPreview = Omit<Report, 'tables'> & {
  readonly tables: readonly (Omit<ReportTable, 'rows'> & { readonly rows: readonly (readonly ReportValue[])[] })[];
};

/** A report whole, as the file that it becomes. */
export function requestReport(request: ReportRequestInput): Promise<Uint8Array> {
  return requestBytes('/reports', { accept: '*/*', timeoutMs: planMs, body: request });
}
