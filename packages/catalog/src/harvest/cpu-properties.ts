import { findFeature, type OtherProperty, type PropertyValues } from '@cpu-atlas/core';
import type { QmpClient } from '../qmp/index.ts';
import { expectList, expectObject, expectString } from '../qmp/qmp-value.ts';

/** What a CPU object of this binary can be told, apart by kind. */
export interface CpuProperties {
  /** Boolean properties that switch feature bits, aliases left out. */
  readonly featureNames: readonly string[];
  /** Other spellings of feature properties. */
  readonly aliases: Readonly<Record<string, string>>;
  readonly others: readonly OtherProperty[];
}

/** Booleans of every QOM device, which look like feature bits and are none. */
const deviceStates = new Set(['realized', 'hotplugged', 'hotpluggable', 'start-powered-off']);

interface ListedProperty {
  readonly name: string;
  readonly type: string;
  readonly hasDefault: boolean;
}

async function listProperties(client: QmpClient, typename: string): Promise<ListedProperty[]> {
  const reply = expectList(await client.execute('device-list-properties', { typename }), typename);
  return reply.map((entry, i) => {
    const property = expectObject(entry, `${typename}[${i}]`);
    return {
      name: expectString(property.name, `${typename}[${i}].name`),
      type: expectString(property.type, `${typename}[${i}].type`),
      hasDefault: 'default-value' in property,
    };
  });
}

/**
 * A feature bit is a boolean without a default value: QEMU registers feature bits as plain QOM properties, everything
 * else as device properties with a default. Releases before 5.0 list no defaults at all; there only names that are
 * known as features count.
 * Source: QEMU 7.2 and 11.1, device-list-properties of base-x86_64-cpu
 */
function looksLikeFeature(property: ListedProperty, listsDefaults: boolean): boolean {
  if (property.type !== 'bool' || deviceStates.has(property.name)) return false;
  return listsDefaults ? !property.hasDefault : findFeature(property.name) !== undefined;
}

/**
 * Finds the spellings that mean the same bit: a name that nobody knows as a feature is switched on alone; if a known
 * name goes on with it, it is an alias.
 */
async function findAliases(expand: Expand, candidates: readonly string[]): Promise<Record<string, string>> {
  const aliases: Record<string, string> = {};
  const suspects = candidates.filter((name) => findFeature(name)?.name !== name);
  const isCandidate = new Set(candidates);
  for (const suspect of suspects) {
    const dashed = suspect.replaceAll('_', '-');
    if (dashed !== suspect && isCandidate.has(dashed)) {
      aliases[suspect] = dashed;
      continue;
    }
    const without = await expand('base', {});
    const values = await expand('base', { [suspect]: true });
    const twins = candidates.filter((name) => name !== suspect && values[name] === true && without[name] !== true);
    const primary = twins.find((name) => findFeature(name)?.name === name) ?? twins.find((name) => !/[_]/.test(name));
    if (primary !== undefined && (findFeature(primary)?.name === primary || suspect.includes('_')))
      aliases[suspect] = primary;
  }
  return aliases;
}

/** Full expansion of a model with properties set: all readable properties after QEMU expanded it. */
export type Expand = (model: string, props: PropertyValues) => Promise<PropertyValues>;

/** An {@link Expand} over one connection. @throws QMP_ERROR, QMP_PROTOCOL, QEMU_DIED, QEMU_TIMEOUT */
export function expander(client: QmpClient): Expand {
  return async (model, props) => {
    const named = Object.keys(props).length === 0 ? { name: model } : { name: model, props };
    const reply = await client.execute('query-cpu-model-expansion', { type: 'full', model: named });
    const expanded = expectObject(expectObject(reply, 'expansion').model, 'expansion.model');
    return expectObject(expanded.props, 'expansion.model.props') as PropertyValues;
  };
}

function qomType(value: PropertyValues[string]): string {
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'number' ? 'uint64' : 'str';
}

/** Lists what a CPU of this binary can be told. @throws QMP_ERROR, QMP_PROTOCOL, QEMU_DIED, QEMU_TIMEOUT */
export async function readCpuProperties(client: QmpClient): Promise<CpuProperties> {
  const base = await listProperties(client, 'base-x86_64-cpu');
  const max = await listProperties(client, 'max-x86_64-cpu');
  const listsDefaults = base.some((property) => property.hasDefault);
  const candidates = base.filter((property) => looksLikeFeature(property, listsDefaults)).map(({ name }) => name);
  const aliases = await findAliases(expander(client), candidates);
  const isFeature = new Set(candidates);
  const ofBase = new Set(base.map(({ name }) => name));
  const others = max
    .filter(({ name, type }) => !isFeature.has(name) && !deviceStates.has(name) && !type.startsWith('link<'))
    .map(({ name, type }): OtherProperty => (ofBase.has(name) ? { name, type } : { name, type, maxOnly: true }));
  // device-list-properties keeps names that begin with "legacy-" to itself.
  const expanded = await expander(client)('base', {});
  const listed = new Set([...candidates, ...others.map(({ name }) => name), ...deviceStates]);
  for (const [name, value] of Object.entries(expanded))
    if (!listed.has(name)) others.push({ name, type: qomType(value) });
  others.push({ name: 'start-powered-off', type: 'bool' });
  return {
    featureNames: candidates.filter((name) => aliases[name] === undefined).sort(),
    aliases: Object.fromEntries(Object.entries(aliases).sort(([a], [b]) => (a < b ? -1 : 1))),
    others: others.sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
