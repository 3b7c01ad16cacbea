import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { AtlasError, reportHosts, reportPivot } from '@cpu-atlas/core';
import type { HostLine, Report, ReportFact, ReportOrigin } from '@cpu-atlas/core';
import { parseWith, reportRequestSchema, type ReportFormatName, type ReportRequestBody } from '@cpu-atlas/contract';
import { buildHostReport, cubeOfHosts, pivotAxes, writeReport, type ReportedHost } from '@cpu-atlas/server/library';
import type { Answerer } from '../answerer.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { write, type Terminal } from '../output/terminal.ts';
import { readOwnVersion } from '../own-version.ts';
import { errorCode } from '../sources/limited-file.ts';
import { readReportedHosts, readReportedSides } from '../sources/reported-hosts.ts';

export type ReportKind = ReportRequestBody['kind'];

export interface ExportOptions {
  readonly terminal: Terminal;
  readonly answerer: Answerer;
  readonly kind: ReportKind;
  readonly snapshots: readonly string[];
  readonly catalog: string | undefined;
  readonly format: ReportFormatName;
  /** A path; undefined: stdout. */
  readonly out: string | undefined;
  /** What else the kind takes, as `POST /api/v1/reports` does. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Writes an answer about host files as a file. */
export async function exportReport(options: ExportOptions): Promise<ExitCode> {
  const { terminal, answerer, kind, snapshots, catalog, format, out } = options;
  if (kind === 'comparison' && snapshots.length !== 2)
    throw new AtlasError('USAGE_INVALID', 'a comparison is of two snapshots', {
      where: 'cpu-atlas export comparison',
      remedy: 'name a file for each side',
    });
  if (out === undefined && terminal.isOutTerminal && (format === 'xlsx' || format === 'pdf'))
    throw new AtlasError('USAGE_INVALID', `${format} is not for a terminal`, {
      where: '--format',
      remedy: 'name a file with --out, or send it into a pipe',
    });
  const read = kind === 'comparison' ? readReportedSides : readReportedHosts;
  const hosts = await read(answerer, snapshots, catalog);
  const report = await makeReport(readRequest(options, hosts), hosts);
  const { body } = await writeReport(report, format);
  if (out !== undefined) await writeFileWhole(out, body);
  else for await (const piece of body) if (!(await write(terminal.out, piece))) break;
  return exitCodes.yes;
}

function readRequest({ kind, format, options }: ExportOptions, hosts: readonly ReportedHost[]): ReportRequestBody {
  const sides = hosts.map(({ plan }) => ({ host: plan.id }));
  const request = {
    ...definedOnly(options),
    kind,
    format,
    ...(kind === 'comparison' ? { a: sides[0], b: sides[1] } : {}),
  };
  return parseWith(reportRequestSchema, request, {
    code: 'USAGE_INVALID',
    source: `cpu-atlas export ${kind}`,
    remedy: 'see cpu-atlas export --help',
  });
}

async function makeReport(request: ReportRequestBody, hosts: readonly ReportedHost[]): Promise<Report> {
  const atlasVersion = readOwnVersion();
  if (request.kind !== 'pivot' && request.kind !== 'hosts') return buildHostReport(request, hosts, { atlasVersion });
  const origin: ReportOrigin = {
    ...{ atlasVersion, accel: null, machine: null, kernelIrqchip: null, options: [], assumptions: [] },
    hosts: hosts.map((host) => host.origin),
  };
  if (request.kind === 'hosts') return reportHosts(hosts.map(describeLine), origin);
  const { accel, kernelIrqchip, models, machines, isSplit, isFolded } = request;
  const axes = pivotAxes(request.rows, request.columns);
  const options: ReportFact[] = [
    ...(models === undefined ? [] : [{ name: 'Models', value: models.join(' ') }]),
    ...(machines === undefined ? [] : [{ name: 'Machine types', value: machines.join(' ') }]),
  ];
  return reportPivot(
    cubeOfHosts(hosts, { accel, kernelIrqchip }),
    { ...axes, fixed: { models, machines }, isSplit, isFolded },
    { ...origin, accel, kernelIrqchip: kernelIrqchip ?? null, options },
  );
}

function describeLine({ plan, origin }: ReportedHost): HostLine {
  const { name, id, labels, context } = plan;
  const snapshot = 'unseen' in context ? null : context.snapshot;
  const { hardware, kernel } = snapshot ?? {};
  return {
    ...{ name, id, labels, source: 'file', fingerprint: origin.snapshotHash ?? '' },
    cpuName: 'unseen' in context ? null : (context.facts.brand ?? null),
    vendor: 'unseen' in context ? null : context.facts.vendor,
    kernelRelease: kernel === undefined || 'unknown' in kernel ? null : kernel.release,
    hypervisor: hardware === undefined || 'unknown' in hardware ? null : (hardware.hypervisor ?? null),
    qemu: (snapshot?.qemu ?? []).map(({ version }) => version),
  };
}

function definedOnly(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Whoever reads the file sees the old one or all of the new one. @throws FILE_UNWRITABLE */
async function writeFileWhole(path: string, body: NodeJS.ReadableStream): Promise<void> {
  const draft = `${path}.${process.pid}.part`;
  try {
    await pipeline(body, createWriteStream(draft));
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined);
    if (cause instanceof AtlasError) throw cause;
    throw new AtlasError('FILE_UNWRITABLE', `cannot be written (${errorCode(cause)})`, {
      where: path,
      remedy: 'check the path, the permissions and the space',
      cause,
    });
  }
}
