/** Hosts that a simulated fleet is made of: real snapshots under made-up names. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { canonicalJson } from '@cpu-atlas/core';
import { parseSnapshotText } from '@cpu-atlas/contract';

/** As many kinds of hosts as asked for; they differ in silicon or, from the same silicon, in the stepping. */
export function readKinds(count) {
  const folder = new URL('../../../data/snapshots/', import.meta.url);
  const recorded = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => parseSnapshotText(readFileSync(new URL(name, folder), 'utf8'), name))
    .filter(({ hardware }) => hardware !== undefined && 'cpus' in hardware);
  return Array.from({ length: count }, (_, kind) =>
    withStepping(recorded[kind % recorded.length], Math.floor(kind / recorded.length) & 0xf),
  );
}

function withStepping(snapshot, stepping) {
  const change = (entry) => {
    if (Number(entry.leaf) !== 1) return entry;
    const eax = ((Number(entry.eax) & ~0xf) | stepping) >>> 0;
    return { ...entry, eax: `0x${eax.toString(16).padStart(8, '0')}` };
  };
  const cpus = snapshot.hardware.cpus.map((group) => ({ ...group, cpuid: group.cpuid.map(change) }));
  return { ...snapshot, hardware: { ...snapshot.hardware, cpus } };
}

export const hostIdOf = (host) => `sim-${String(host).padStart(7, '0')}`;

/** A host as it is; `revision` changes its microcode, and so its hash, but not what it can run. */
export function snapshotOf(kinds, host, revision) {
  const base = kinds[host % kinds.length];
  const id = hostIdOf(host);
  return {
    ...base,
    host: { id, name: `${id}.example`, labels: { rack: `r${host % 400}` } },
    hardware: { ...base.hardware, microcode: `0x${(0x1000 + revision).toString(16)}` },
  };
}

/** What the agent of that host sends. */
export function contentOf(snapshot) {
  const seen = canonicalJson({ ...snapshot, collectedAt: undefined });
  const hash = `sha256:${createHash('sha256').update(seen).digest('hex')}`;
  return { hash, body: gzipSync(JSON.stringify(snapshot), { level: 1 }) };
}
