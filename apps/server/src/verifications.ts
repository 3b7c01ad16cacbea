import { AtlasError, resolve } from '@cpu-atlas/core';
import type { CellToVerify, Verification } from '@cpu-atlas/catalog';
import type { VerificationRequest, VerificationResult } from '@cpu-atlas/contract';
import { withAssumptions, type AnswerContexts } from './answer-contexts.ts';
import type { HostCommands } from './fleet/commands.ts';
import { requireReachable } from './fleet/remote-work.ts';
import type { HostDirectory } from './host-directory.ts';

/** Launches the QEMU at `binary`, paused, and compares. */
export type VerifyCell = (cell: CellToVerify) => Promise<Verification>;

/** Proves cells with the real QEMU, one at a time: here, or on a host that joined. */
export interface Verifications {
  /**
   * @throws VERIFY_BUSY, VERIFY_UNAVAILABLE, QEMU_NOT_FOUND and what resolving throws; for a joined host also HOST_BUSY,
   * HOST_SILENT, COMMAND_REFUSED
   */
  run(request: VerificationRequest): Promise<VerificationResult>;
  /** Waits for what runs; it has its own time limit. */
  close(): Promise<void>;
}

export interface VerificationsOptions {
  readonly hosts: HostDirectory;
  readonly contexts: AnswerContexts;
  readonly commands: HostCommands;
  readonly verify: VerifyCell;
  readonly onOutcome: (outcome: VerificationResult['outcome']) => void;
}

/** One QEMU launch takes 0.1 s here; a loaded host may take long. */
const timeoutMs = 30_000;
/** A joined host has the same time, and some for the way. */
const remoteTimeoutMs = timeoutMs + 15_000;

export function createVerifications({
  hosts,
  contexts,
  commands,
  verify,
  onOutcome,
}: VerificationsOptions): Verifications {
  let running: Promise<unknown> | null = null;

  const prove = async ({ host, qemu, ...request }: VerificationRequest): Promise<VerificationResult> => {
    const binary = await chooseBinary(hosts, host, qemu);
    const answerContext = await contexts.ofBinary(host, binary);
    const { context, used } = answerContext;
    // Resolving first also refuses whatever this QEMU does not know, so that nothing else gets on its command line.
    const resolution = resolve(context, request);
    const { catalog } = context.index;
    const { exit, live, ...verification } = await verify({
      ...request,
      binary,
      resolution,
      featureNames: catalog,
      timeoutMs,
    });
    onOutcome(verification.outcome);
    return {
      ...verification,
      live: live === null ? null : { ...live, properties: { ...live.properties } },
      exit: exit === null ? null : { status: exit.status, signal: exit.signal, stderr: exit.stderr },
      resolution: withAssumptions(resolution, answerContext),
      catalog: used,
    };
  };

  /** The host itself resolves and launches: it knows its QEMU best. One at a time for each host. */
  const askHost = async ({ host, ...request }: VerificationRequest & { readonly host: string }) => {
    requireReachable(await hosts.find(host));
    const outcome = await commands.ask(host, { kind: 'verify', request }, remoteTimeoutMs);
    if (outcome.kind !== 'verify') throw new AtlasError('INTERNAL', 'a host answered for another command');
    onOutcome(outcome.verification.outcome);
    return outcome.verification;
  };

  return {
    async run(request) {
      const { host } = request;
      if (host !== undefined && !hosts.isOwn(host)) return askHost({ ...request, host });
      if (running !== null) {
        throw new AtlasError('VERIFY_BUSY', 'another cell is being proven', {
          remedy: 'wait for it; it takes some seconds',
        });
      }
      const run = prove(request);
      running = run;
      try {
        return await run;
      } finally {
        running = null;
      }
    },
    async close() {
      await running?.catch(() => undefined);
    },
  };
}

/** Only binaries that the probe found are launched: a request names one of them, it never brings a path of its own. */
async function chooseBinary(hosts: HostDirectory, host: string | undefined, path: string | undefined): Promise<string> {
  const { snapshot } = await hosts.find(host);
  const binaries = (snapshot.qemu ?? []).map((binary) => binary.path);
  const [first] = binaries;
  if (first === undefined) {
    throw new AtlasError('VERIFY_UNAVAILABLE', `no QEMU was found on ${snapshot.host.name}`, {
      where: snapshot.host.name,
      remedy: 'install qemu-system-x86 and probe again',
    });
  }
  if (path === undefined || binaries.includes(path)) return path ?? first;
  throw new AtlasError('QEMU_NOT_FOUND', `${snapshot.host.name} is not known to have that binary`, {
    where: path,
    remedy: `choose one of: ${binaries.join(', ')}`,
  });
}
