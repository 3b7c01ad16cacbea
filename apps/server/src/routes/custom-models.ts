import {
  AtlasError,
  checkCustomModel,
  cpuArgumentOf,
  formatProxmoxModels,
  indexCatalog,
  parseCpudefModels,
  parseProxmoxModels,
} from '@cpu-atlas/core';
import type { CustomModel } from '@cpu-atlas/core';
import {
  customModelCheckRequestSchema,
  customModelCheckResultSchema,
  customModelContentSchema,
  customModelListSchema,
  customModelParamsSchema,
  customModelQuerySchema,
  parseJsonText,
  parseWith,
  savedCustomModelSchema,
} from '@cpu-atlas/contract';
import type { CustomModelCheckRequest, SavedCustomModel } from '@cpu-atlas/contract';
import { z } from 'zod';
import { replyOf, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import type { Services } from '../services.ts';
import type { CustomModelRow, Store } from '../store/store.ts';

const tags = ['custom-models'];
/** Each is sent whole with the list. */
const modelLimit = 1_000;
const contentBytes = 256 * 1024;

/** Custom CPU models: kept by version, read from files of others, checked against a QEMU, expanded to what `-cpu` takes. */
export function registerCustomModels(app: App, services: Services): void {
  registerChecks(app, services);
  registerReading(app, services.store);
  registerChanges(app, services.store);
}

function registerChecks(app: App, { contexts, library }: Pick<Services, 'contexts' | 'library'>): void {
  app.post(
    '/custom-model-checks',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'Whether a QEMU knows all of some custom CPU models, and what they stand for',
        body: customModelCheckRequestSchema,
        response: { 200: replyOf(customModelCheckResultSchema), ...problemReplies(400, 404, 422) },
      },
    },
    async ({ body }) => {
      const { entry, used } = await contexts.catalogOf(body.catalog);
      const index = indexCatalog(await library.read(entry.hash));
      const models = [...body.models, ...modelsOfFile(body.file)];
      const checked = models.map((model) => ({
        model,
        cpu: cpuArgumentOf(model),
        findings: checkCustomModel(index, model),
      }));
      return { catalog: used, models: checked, proxmox: formatProxmoxModels(models) };
    },
  );
}

function registerReading(app: App, { customModels }: Store): void {
  app.get(
    '/custom-models',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'The custom CPU models that are kept, each in its newest version',
        response: { 200: replyOf(customModelListSchema), ...problemReplies(503) },
      },
    },
    async () => {
      const items = (await customModels.list()).map(describeModel);
      return { items, proxmox: formatProxmoxModels(items.map(({ model }) => model)) };
    },
  );

  app.get(
    '/custom-models/:name',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'A custom CPU model; with version also one that is no longer the newest, or was removed',
        params: customModelParamsSchema,
        querystring: customModelQuerySchema,
        response: { 200: replyOf(savedCustomModelSchema), ...problemReplies(400, 404, 503) },
      },
    },
    async ({ params, query }) => {
      const row = await customModels.find(params.name, query.version);
      if (row === null) throw unknownModel(params.name, query.version);
      return describeModel(row);
    },
  );
}

function registerChanges(app: App, { customModels }: Store): void {
  app.put(
    '/custom-models/:name',
    {
      config: { access: 'operator' },
      bodyLimit: contentBytes,
      schema: {
        tags,
        summary: 'Save a custom CPU model, as a new version',
        params: customModelParamsSchema,
        body: customModelContentSchema,
        response: { 200: replyOf(savedCustomModelSchema), ...problemReplies(400, 401, 403, 413, 422, 503) },
      },
    },
    async ({ params: { name }, body, principal }) => {
      if ((await customModels.find(name)) === null && (await customModels.list()).length >= modelLimit) throw tooMany();
      const version = await customModels.save({ name, body: JSON.stringify(body), savedBy: principal.actor });
      const row = await customModels.find(name, version);
      if (row === null) throw unknownModel(name, version);
      return describeModel(row);
    },
  );

  app.delete(
    '/custom-models/:name',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        summary: 'Take a custom CPU model off the list; its versions stay readable by their numbers',
        params: customModelParamsSchema,
        response: { 204: z.null(), ...problemReplies(400, 401, 403, 404, 503) },
      },
    },
    async ({ params, principal }, reply) => {
      if (!(await customModels.remove(params.name, principal.actor))) throw unknownModel(params.name, undefined);
      return reply.code(204).send(null);
    },
  );
}

/** @throws STORE_FAILED for a row that cannot be read */
function describeModel({ name, version, body, savedAtMs, savedBy }: CustomModelRow): SavedCustomModel {
  const source = `custom model ${name}, version ${version}`;
  const content = parseWith(customModelContentSchema, parseJsonText(body, { code: 'STORE_FAILED', source }), {
    code: 'STORE_FAILED',
    source,
    remedy: 'save the model again',
  });
  const model = { name, ...content };
  return { version, savedAt: new Date(savedAtMs).toISOString(), savedBy, model, cpu: cpuArgumentOf(model) };
}

function unknownModel(name: string, version: number | undefined): AtlasError {
  return new AtlasError('CUSTOM_MODEL_NOT_FOUND', 'no such custom model is kept', {
    where: version === undefined ? name : `${name}, version ${version}`,
    remedy: 'take the name from GET /api/v1/custom-models; a removed one needs its version',
  });
}

function tooMany(): AtlasError {
  return new AtlasError('REQUEST_INVALID', `a hub keeps ${modelLimit} custom models and no more`, {
    where: 'path: $.name',
    remedy: 'remove one first',
  });
}

/** @throws CPU_MODELS_INVALID with the line */
function modelsOfFile(file: CustomModelCheckRequest['file']): readonly CustomModel[] {
  if (file === undefined) return [];
  return file.format === 'proxmox' ? parseProxmoxModels(file.text) : parseCpudefModels(file.text);
}
