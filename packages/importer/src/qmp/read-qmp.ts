import type { ObservedAccelerator, QemuBinary } from '@cpu-atlas/core';
import { composeSnapshot } from '../compose-snapshot.ts';
import { invalid } from '../faults.ts';
import type { ImportOptions, Reading } from '../import-types.ts';
import { readJsonDocuments } from '../json-documents.ts';
import { observeSession } from './observe-session.ts';
import { readQmpSessions, type QmpSession } from './qmp-sessions.ts';

interface OpenBinary {
  readonly version: string | null;
  readonly package: string | null;
  readonly observed: { kvm?: ObservedAccelerator; tcg?: ObservedAccelerator };
}

/**
 * Replies of a QEMU: single ones to `query-cpu-model-expansion` and `query-cpu-definitions`, or whole sessions as in
 * libvirt's `.replies` files (objects one after another, with or without the commands, KVM first and TCG then).
 * The host is known from QEMU alone.
 * @throws IMPORT_INVALID, IMPORT_AMBIGUOUS, IMPORT_TOO_LARGE
 */
export function readQmp(text: string, options: ImportOptions): Reading {
  const sessions = readQmpSessions(readJsonDocuments(text, options.source));
  const binaries = new Map<string, OpenBinary>();
  const notes: string[] = [];
  for (const session of sessions) {
    const where = `${options.source}: from line ${session.line}`;
    const observation = observeSession(session, options.accelerator, where);
    if (observation.kind === 'nothing') {
      notes.push(`the session from line ${session.line} tells nothing of the host: ${observation.reason}`);
      continue;
    }
    const binary = binaryOf(session, binaries);
    binary.observed[observation.accelerator] = { ...binary.observed[observation.accelerator], ...observation.observed };
    notes.push(...observation.notes);
  }
  if (binaries.size === 0) {
    throw invalid(
      `no reply tells of the host${notes[0] === undefined ? '' : `; ${notes[0]}`}`,
      options.source,
      'paste the replies to query-cpu-model-expansion of host and to query-cpu-definitions',
    );
  }
  const qemu = [...binaries.values()].map((binary) => toQemuBinary(binary, options));
  if (options.qemuVersion === undefined && qemu.some(({ version }) => version === 'unknown')) {
    notes.push('the version of QEMU is not told; name it to choose a catalog');
  }
  const snapshot = composeSnapshot({ format: 'qmp', fallbackName: nameOf(qemu), qemu }, options);
  return { snapshots: [snapshot], notes: [...new Set(notes)] };
}

/** Sessions of one version are of one binary; a session that does not tell its version is of the binary before it. */
function binaryOf(session: QmpSession, binaries: Map<string, OpenBinary>): OpenBinary {
  const last = [...binaries.values()].at(-1);
  if (session.version === null && last !== undefined) return last;
  const key = `${session.version ?? ''} ${session.package ?? ''}`;
  const known = binaries.get(key);
  if (known !== undefined) return known;
  const binary: OpenBinary = { version: session.version, package: session.package, observed: {} };
  binaries.set(key, binary);
  return binary;
}

function toQemuBinary(binary: OpenBinary, options: ImportOptions): QemuBinary {
  return {
    path: 'unknown',
    version: binary.version ?? options.qemuVersion ?? 'unknown',
    ...(binary.package !== null && { package: binary.package }),
    observed: binary.observed,
  };
}

/** The CPU that `-cpu host` shows, else the version. */
function nameOf(qemu: readonly QemuBinary[]): string {
  for (const { observed } of qemu) {
    const brand = observed?.kvm?.host?.['model-id'];
    if (typeof brand === 'string' && brand.trim() !== '') return brand.trim();
  }
  return `host with QEMU ${qemu[0]?.version ?? ''}`;
}
