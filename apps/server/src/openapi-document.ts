import { readFileSync } from 'node:fs';
import type { SwaggerTransformObject } from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

/** How a program or a browser says who it is. */
export const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', description: 'A token of POST /api/v1/tokens or cpu-atlas token create' },
  cookie: { type: 'apiKey', in: 'cookie', name: 'cpuatlas', description: 'Of a login; __Host-cpuatlas under TLS' },
} as const;

const loginWays: readonly Readonly<Record<string, readonly string[]>>[] = [{ bearer: [] }, { cookie: [] }];

/** A route's schema with what it asks of a login: nothing, or one of the ways. */
export const transformRoute: typeof jsonSchemaTransform = (input) => {
  const transformed = jsonSchemaTransform(input);
  const security = input.route.config?.access === 'public' ? [] : loginWays;
  return { ...transformed, schema: { ...transformed.schema, security } };
};

/** Replies of a demo server, cut short, by the id of their schema: `scripts/record-api-examples.mjs` records them. */
const recordedReplies = new URL('../../../data/api/reply-examples.json', import.meta.url);

/**
 * The OpenAPI document with those schemas that something in it refers to (each has an input and an output form), and with
 * an example at each that a whole body or reply has.
 */
export const transformDocument: SwaggerTransformObject = (document) => {
  const whole = jsonSchemaTransformObject(document);
  const schemas = 'components' in whole ? whole.components?.schemas : undefined;
  if (!('components' in whole) || whole.components === undefined || schemas === undefined) return whole;
  const used = new Set<string>();
  const pending = referencesIn(whole.paths);
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (used.has(name)) continue;
    used.add(name);
    pending.push(...referencesIn(schemas[name]));
  }
  const replies = JSON.parse(readFileSync(recordedReplies, 'utf8')) as Readonly<Record<string, unknown>>;
  whole.components.schemas = Object.fromEntries(
    Object.entries(schemas).flatMap(([name, schema]) => {
      const example = replies[name] ?? replies[name.replace(/Input$/, '')];
      return used.has(name) ? [[name, example === undefined ? schema : { ...schema, example }]] : [];
    }),
  );
  return whole;
};

function referencesIn(part: unknown): string[] {
  return [...JSON.stringify(part ?? null).matchAll(/"\$ref":"#\/components\/schemas\/([^"/]+)/g)].map(
    ([, name = '']) => name,
  );
}
