import { bitCoordinate, familyOf, findFeature, wordKeyOf } from '@cpu-atlas/core';
import type { Catalog, CpuModelInfo, FeatureProperty, MachineType } from '@cpu-atlas/core';
import {
  featureListSchema,
  machineTypeListSchema,
  modelListSchema,
  ofCatalogQuerySchema,
  pageQuerySchema,
  type FeatureSummary,
  type MachineTypeSummary,
  type ModelSummary,
  type UsedCatalog,
} from '@cpu-atlas/contract';
import type { LibraryCatalog } from '../catalog-library.ts';
import { replyOf, type App } from '../http-types.ts';
import { pageOf } from '../paging.ts';
import { problemReplies } from '../problem-replies.ts';
import type { Services } from '../services.ts';

const tags = ['catalogs'];
const querystring = pageQuerySchema
  .extend(ofCatalogQuerySchema.shape)
  .extend({ limit: pageQuerySchema.shape.limit.default(1_000) });

/** The names that a QEMU knows: models, machine types, features. */
export function registerNames(app: App, { contexts, library }: Services): void {
  const chosen = async (
    reference: string | undefined,
  ): Promise<{ readonly entry: LibraryCatalog; readonly used: UsedCatalog }> => {
    const { entry, used } = await contexts.catalogOf(reference);
    return { entry: { ...entry, catalog: await library.read(entry.hash) }, used };
  };

  app.get(
    '/models',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'CPU models of a QEMU',
        querystring,
        response: { 200: replyOf(modelListSchema), ...problemReplies(400, 404) },
      },
    },
    async ({ query }) => {
      const { entry, used } = await chosen(query.catalog);
      return { catalog: used, ...pageOf(entry.catalog.models.map(summariseModel), query, ({ name }) => name) };
    },
  );

  app.get(
    '/machine-types',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'Machine types of a QEMU',
        querystring,
        response: { 200: replyOf(machineTypeListSchema), ...problemReplies(400, 404) },
      },
    },
    async ({ query }) => {
      const { entry, used } = await chosen(query.catalog);
      const items = entry.catalog.machines.map((machine, at) => summariseMachine(machine, at, entry.catalog));
      return { catalog: used, ...pageOf(items, query, ({ name }) => name) };
    },
  );

  app.get(
    '/features',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'CPU features of a QEMU, with what is known of them',
        querystring,
        response: { 200: replyOf(featureListSchema), ...problemReplies(400, 404) },
      },
    },
    async ({ query }) => {
      const { entry, used } = await chosen(query.catalog);
      const items = entry.catalog.features.map((feature) => summariseFeature(feature, entry.catalog));
      return { catalog: used, ...pageOf(items, query, ({ name }) => name) };
    },
  );
}

function summariseModel(model: CpuModelInfo): ModelSummary {
  return { ...model, ...familyOf(model.name) };
}

function summariseMachine(machine: MachineType, at: number, catalog: Catalog): MachineTypeSummary {
  return {
    name: machine.name,
    alias: machine.alias ?? null,
    deprecated: machine.deprecated,
    isDefault: machine.isDefault,
    defaultCpu: machine.defaultCpu ?? null,
    maxCpus: machine.maxCpus ?? null,
    hasTcg: (catalog.tcg?.machineGroups[at] ?? -1) >= 0,
    hasKvm: (catalog.kvm?.machineGroups[at] ?? -1) >= 0,
  };
}

function summariseFeature({ name, word, bits }: FeatureProperty, { words, aliases }: Catalog): FeatureSummary {
  const spec = words[word];
  const record = findFeature(name);
  return {
    name,
    aliases: Object.keys(aliases).filter((alias) => aliases[alias] === name),
    word: spec === undefined ? '' : wordKeyOf(spec),
    bits: spec === undefined ? [] : bits.map((bit) => bitCoordinate(spec, bit)),
    facts:
      record === undefined
        ? null
        : {
            description: record.description,
            linux: record.linux,
            libvirt: record.libvirt,
            requires: record.requires.map(({ feature, why, enforcedBy }) => ({ feature, why, enforcedBy })),
            isMigratable: record.migratable,
            isAutoenabled: record.autoenabled,
            pool: record.pool,
            source: record.source,
          },
  };
}
