import { AtlasError, findFeatureBits, type Accelerator, type ObservedAccelerator } from '@cpu-atlas/core';
import { isPropertyName, namedFeatures } from './property-name.ts';
import type { Expansion, QmpSession } from './qmp-sessions.ts';

/** What a session tells of the host, or why it tells nothing. */
export type Observation =
  | {
      readonly kind: 'observed';
      readonly accelerator: Accelerator;
      readonly observed: ObservedAccelerator;
      readonly notes: readonly string[];
    }
  | { readonly kind: 'nothing'; readonly reason: string };

type Property = boolean | number | string;

/** Models whose expansion shows what the accelerator supports. */
const hostModels = new Set(['host', 'max']);

/**
 * What `-cpu host` expands to, and what each model lacks. An expansion with `migratable=off` shows all that is
 * supported; without it a feature that does not migrate is shown as off though it may be there, so it stays unknown.
 * @throws IMPORT_AMBIGUOUS when nothing tells the accelerator
 */
export function observeSession(session: QmpSession, named: Accelerator | undefined, where: string): Observation {
  if (session.target !== null && session.target !== 'x86_64' && session.target !== 'i386') {
    return { kind: 'nothing', reason: `it is of a QEMU for ${session.target.slice(0, 40)}` };
  }
  const usable = session.expansions.filter(({ asked, model }) =>
    asked === null ? model === 'base' || hostModels.has(model) : hostModels.has(asked.model),
  );
  const unavailable = unavailableOf(session);
  if (usable.length === 0 && unavailable.length === 0) {
    return { kind: 'nothing', reason: 'it holds no expansion of host or max, and no definitions' };
  }
  const accelerator = acceleratorOf(session, usable, named, where);
  if (accelerator === null)
    return { kind: 'nothing', reason: 'it ran under an accelerator that is neither KVM nor TCG' };
  const best = bestExpansion(usable);
  const observed: ObservedAccelerator = {
    ...(best !== null && { host: best.host }),
    ...(unavailable.length > 0 && { unavailable: Object.fromEntries(unavailable) }),
  };
  return { kind: 'observed', accelerator, observed, notes: best?.notes ?? [] };
}

function unavailableOf({
  definitions,
}: QmpSession): readonly (readonly [model: string, features: readonly string[]])[] {
  return definitions.flatMap(({ name, unavailable }) => {
    const features = unavailable === null ? null : namedFeatures(unavailable);
    return features !== null && isPropertyName(name) ? [[name, features] as const] : [];
  });
}

/**
 * Which accelerator answered. TCG calls `host` unavailable for want of "kvm", and names itself in its model-id; only KVM
 * switches paravirtual features on. Null: some other accelerator.
 * Source: 25 recorded sessions of QEMU 4.2 to 10.0, each of KVM or TCG
 */
function acceleratorOf(
  session: QmpSession,
  expansions: readonly Expansion[],
  named: Accelerator | undefined,
  where: string,
): Accelerator | null {
  const host = session.definitions.find(({ name }) => name === 'host')?.unavailable ?? null;
  const isTcg =
    host?.includes('kvm') === true ||
    expansions.some(({ properties }) => String(properties['model-id']).startsWith('QEMU TCG CPU'));
  if (isTcg) return 'tcg';
  if (session.kvmEnabled === true) return 'kvm';
  if (session.kvmEnabled === false) return null;
  const isKvm = expansions.some(({ properties }) =>
    Object.entries(properties).some(([name, value]) => value === true && /^kvm(?:-|clock)/.test(name)),
  );
  if (isKvm || host?.length === 0) return 'kvm';
  if (named !== undefined) return named;
  throw new AtlasError('IMPORT_AMBIGUOUS', 'the replies do not tell whether they are of KVM or of TCG', {
    where,
    remedy: 'name the accelerator, or paste the reply to query-cpu-definitions or query-kvm too',
  });
}

interface BestExpansion {
  readonly host: Readonly<Record<string, Property>>;
  readonly notes: readonly string[];
}

/** The one that tells most: with migratable=off, and static (full ones add properties that are no features). */
function bestExpansion(expansions: readonly Expansion[]): BestExpansion | null {
  const isWhole = ({ asked, properties }: Expansion): boolean =>
    asked?.migratable === false || properties.migratable === false;
  const isStatic = ({ model }: Expansion): boolean => model === 'base';
  const whole = expansions.filter(isWhole);
  const chosen = whole.find(isStatic) ?? whole[0];
  if (chosen !== undefined) return { host: propertiesOf(chosen), notes: [] };
  const [first] = expansions;
  if (first === undefined) return null;
  // Without the commands it is not told which of several replies is the one with migratable=off.
  const merged = new Map<string, Property>(Object.entries(propertiesOf(first)));
  for (const other of expansions.slice(1)) {
    for (const [name, value] of Object.entries(propertiesOf(other))) if (value === true) merged.set(name, true);
  }
  const untold = [...merged].filter(([name, value]) => value === false && isUnmigratable(name)).map(([name]) => name);
  for (const name of untold) merged.delete(name);
  const isAsked = expansions.every(({ asked }) => asked !== null);
  return {
    host: Object.fromEntries(merged),
    notes: [
      ...(isAsked ? [] : ['the commands are not in the text: the expansion is taken to be that of host (or max)']),
      ...(untold.length > 0
        ? [
            `expanded with migratable=on, as far as is told: whether there is ${untold.slice(0, 8).join(', ')} is unknown`,
          ]
        : []),
    ],
  };
}

function isUnmigratable(name: string): boolean {
  return findFeatureBits(name).some(({ migratable }) => !migratable);
}

function propertiesOf({ properties }: Expansion): Readonly<Record<string, Property>> {
  const kept = Object.entries(properties).filter(
    (entry): entry is [string, Property] => isPropertyName(entry[0]) && isProperty(entry[1]),
  );
  return Object.fromEntries(kept);
}

function isProperty(value: unknown): value is Property {
  return (
    typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)) || typeof value === 'string'
  );
}
