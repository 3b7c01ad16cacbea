import type { SwaggerTransformObject } from '@fastify/swagger';
import { jsonSchemaTransformObject } from 'fastify-type-provider-zod';

/** The OpenAPI document with those schemas that something in it refers to: each has an input and an output form. */
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
  whole.components.schemas = Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)));
  return whole;
};

function referencesIn(part: unknown): string[] {
  return [...JSON.stringify(part ?? null).matchAll(/"\$ref":"#\/components\/schemas\/([^"/]+)/g)].map(
    ([, name = '']) => name,
  );
}
