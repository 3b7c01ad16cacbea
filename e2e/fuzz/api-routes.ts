import type { JsonSchema } from './json-schema.ts';

/** One operation of the OpenAPI document. */
export interface ApiRoute {
  readonly method: string;
  /** `/api/v1/hosts/{id}` */
  readonly path: string;
  readonly pathParameters: readonly string[];
  readonly query: Readonly<Record<string, JsonSchema>>;
  /** Of a JSON body; null: there is none, or it is of another kind. */
  readonly body: JsonSchema | null;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema?: JsonSchema;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: JsonSchema }>> };
}

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, JsonSchema>> };
}

/** All operations that the running server tells of itself. */
export function routesOf({ paths }: OpenApiDocument): readonly ApiRoute[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      pathParameters: [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name),
      query: Object.fromEntries(
        (operation.parameters ?? []).filter((one) => one.in === 'query').map(({ name, schema = {} }) => [name, schema]),
      ),
      body: operation.requestBody?.content?.['application/json']?.schema ?? null,
    })),
  );
}
