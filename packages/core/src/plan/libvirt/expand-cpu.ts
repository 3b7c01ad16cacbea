import { hasAll, namesOf, type LibvirtMapIndex } from './cpu-map.ts';
import {
  disableRemoved,
  failure,
  featuresOf,
  withFeature,
  type LibvirtCpu,
  type LibvirtCpuFeature,
  type LibvirtError,
  type Settled,
} from './cpu-definition.ts';
import { decodeCpu, type OfferedModel } from './decode-cpu.ts';
import { libvirtHolds } from './libvirt-rules.ts';

/** A definition with every feature of its model written out, by name. */
export function expandCpu(index: LibvirtMapIndex, cpu: LibvirtCpu): Settled<LibvirtCpu> {
  const model = cpu.model === undefined ? undefined : index.modelByName.get(cpu.model);
  if (model === undefined) return failure(`libvirt ${index.map.release} has no CPU model ${cpu.model ?? '(none)'}`);
  const isGuest = cpu.kind === 'guest';
  let features: readonly LibvirtCpuFeature[] = namesOf(index, model.bits).map((name) =>
    isGuest ? { name, policy: 'require' as const } : { name },
  );
  for (const feature of cpu.features) {
    const isKept = !isGuest || feature.policy === 'require' || feature.policy === 'disable';
    if (isKept) features = withFeature(features, feature);
  }
  if (isGuest && libvirtHolds('blockersDisabled', index.map.release))
    features = disableRemoved(features, model.removed);
  return { outcome: 'ok', value: { ...cpu, features: [...features].sort((a, b) => (a.name < b.name ? -1 : 1)) } };
}

/** Whether a host has a feature; an error where the map does not name it. */
export function hostHasFeature(index: LibvirtMapIndex, host: LibvirtCpu, name: string): Settled<boolean> {
  const feature = index.featureByName.get(name);
  if (feature === undefined) return failure(`libvirt ${index.map.release} has no CPU feature ${name}`);
  const own = featuresOf(index, host, 'all');
  return own.outcome === 'error' ? own : { outcome: 'ok', value: hasAll(own.value, feature.bits) };
}

/** A host without what does not survive a migration. */
export function migratableCopy(index: LibvirtMapIndex, host: LibvirtCpu): LibvirtCpu {
  const features = host.features.filter(({ name }) => index.featureByName.get(name)?.isMigratable !== false);
  return { ...host, features };
}

/**
 * What libvirt makes of a guest's definition when it starts on a host: optional features become required or disabled,
 * `host-model` and `minimum` become the model of the host.
 */
export function updateCpu(index: LibvirtMapIndex, guest: LibvirtCpu, host: LibvirtCpu): Settled<LibvirtCpu> {
  if (guest.mode === 'host-passthrough' || guest.mode === 'maximum') return { outcome: 'ok', value: guest };
  const source = migratableCopy(index, host);
  const own = featuresOf(index, source, 'all');
  if (own.outcome === 'error') return own;
  const settled: LibvirtCpuFeature[] = [];
  for (const feature of guest.features) {
    if (feature.policy !== 'optional') {
      settled.push(feature);
      continue;
    }
    const known = index.featureByName.get(feature.name);
    if (known === undefined) return failure(`libvirt ${index.map.release} has no CPU feature ${feature.name}`);
    settled.push({ name: feature.name, policy: hasAll(own.value, known.bits) ? 'require' : 'disable' });
  }
  const updated = takesHostModel(guest)
    ? hostModelFor({ ...guest, features: settled }, source)
    : { ...guest, features: settled };
  return withRemovedDisabled(index, updated);
}

const takesHostModel = ({ mode, match }: LibvirtCpu): boolean => mode === 'host-model' || match === 'minimum';

/** The host's model and features, changed by what the guest asks of single features. */
function hostModelFor(guest: LibvirtCpu, host: LibvirtCpu): LibvirtCpu {
  let features: readonly LibvirtCpuFeature[] = host.features.map(({ name }) => ({ name, policy: 'require' as const }));
  for (const feature of guest.features) features = withFeature(features, feature);
  // A definition of its own (match='minimum') keeps its vendor, or that it has none; host-model takes the host's.
  const vendor = guest.mode === 'host-model' ? host.vendor : guest.vendor;
  return {
    kind: 'guest',
    ...(guest.arch === undefined ? {} : { arch: guest.arch }),
    mode: 'custom',
    match: 'exact',
    ...(host.model === undefined ? {} : { model: host.model }),
    ...(vendor === undefined ? {} : { vendor }),
    fallback: guest.fallback ?? 'allow',
    features,
  };
}

function withRemovedDisabled(index: LibvirtMapIndex, cpu: LibvirtCpu): Settled<LibvirtCpu> {
  if (!libvirtHolds('blockersDisabled', index.map.release)) return { outcome: 'ok', value: cpu };
  const model = cpu.model === undefined ? undefined : index.modelByName.get(cpu.model);
  if (model === undefined) return failure(`libvirt ${index.map.release} has no CPU model ${cpu.model ?? '(none)'}`);
  return { outcome: 'ok', value: { ...cpu, features: disableRemoved(cpu.features, model.removed) } };
}

/**
 * A definition in terms of a model that the hypervisor has: as it is, where it has that model; else by the closest one,
 * if the definition allows a fallback.
 */
export function translateCpu(
  index: LibvirtMapIndex,
  cpu: LibvirtCpu,
  offered: readonly OfferedModel[] | null,
): Settled<LibvirtCpu> {
  if (offered === null || offered.some(({ name }) => name === cpu.model)) return { outcome: 'ok', value: cpu };
  if (cpu.fallback === 'forbid') return failure(`the hypervisor has no CPU model ${cpu.model ?? '(none)'}`);
  const bits = featuresOf(index, cpu, 'all');
  if (bits.outcome === 'error') return bits;
  const model = cpu.model === undefined ? undefined : index.modelByName.get(cpu.model);
  const [signature] = model?.signatures ?? [];
  const decoded = decodeCpu(index, {
    kind: 'guest',
    bits: bits.value,
    vendor: model?.vendor ?? null,
    signature:
      signature === undefined
        ? null
        : { family: signature.family, model: signature.model, stepping: signature.steppings?.[0] ?? 0 },
    offered,
    preferred: [],
    migratable: false,
    fallback: 'allow',
  });
  return decoded.outcome === 'error' ? decoded : keepAsked(cpu, decoded.cpu);
}

function keepAsked(cpu: LibvirtCpu, translated: LibvirtCpu): LibvirtError | Settled<LibvirtCpu> {
  let features = translated.features;
  for (const feature of cpu.features) features = withFeature(features, feature);
  const { model } = translated;
  return { outcome: 'ok', value: { ...cpu, ...(model === undefined ? {} : { model }), features } };
}
