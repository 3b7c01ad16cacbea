import { ofCatalogQuerySchema } from '@cpu-atlas/contract';
import { z } from 'zod';
import { replyOf, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import type { Services } from '../services.ts';

const enumSchema = z
  .object({
    $schema: z.literal('https://json-schema.org/draft/2020-12/schema'),
    title: z.string(),
    description: z.string(),
    type: z.literal('string'),
    enum: z.array(z.string()),
  })
  .meta({
    id: 'NameSchema',
    example: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'CPU models of QEMU 10.0.13',
      description: `From the catalog sha256:${'4a'.repeat(32)}.`,
      type: 'string',
      enum: ['EPYC-Milan', 'EPYC-Milan-v1'],
    },
  });

const kinds = {
  models: 'CPU models',
  'machine-types': 'Machine types and their aliases',
  features: 'CPU features',
} as const satisfies Record<string, string>;

/** Names that a QEMU knows as JSON Schemas, for editors and checks of other people's configuration. */
export function registerSchemas(app: App, { contexts, library }: Services): void {
  for (const [kind, title] of Object.entries(kinds))
    app.get(
      `/schemas/${kind}`,
      {
        config: { access: 'viewer' },
        schema: {
          tags: ['catalogs'],
          summary: `${title} of a QEMU as a JSON Schema of their names`,
          querystring: ofCatalogQuerySchema,
          response: { 200: replyOf(enumSchema), ...problemReplies(400, 404) },
        },
      },
      async ({ query }, reply) => {
        const { entry, used } = await contexts.catalogOf(query.catalog);
        const { models, machines, features } = await library.read(entry.hash);
        const names = {
          models: models.map(({ name }) => name),
          'machine-types': machines.flatMap(({ name, alias }) => (alias === undefined ? [name] : [name, alias])),
          features: features.map(({ name }) => name),
        }[kind];
        return reply.send({
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          title: `${title} of QEMU ${used.version}`,
          description: `From the catalog ${used.hash}.`,
          type: 'string',
          enum: [...new Set(names)].sort(),
        });
      },
    );
}
