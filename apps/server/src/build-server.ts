import fastifyCompress from '@fastify/compress';
import fastifyEtag from '@fastify/etag';
import fastifyHelmet from '@fastify/helmet';
import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import { limits } from '@cpu-atlas/contract';
import { AtlasError } from '@cpu-atlas/core';
import { fastify, LogController, type FastifyServerOptions } from 'fastify';
import { jsonSchemaTransform, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { guardAgainstForeignPages } from './browser-guard.ts';
import type { App } from './http-types.ts';
import { handleError } from './problems.ts';
import { transformDocument } from './openapi-document.ts';
import { registerCatalogs } from './routes/catalogs.ts';
import { registerHealth } from './routes/health.ts';
import { registerHosts } from './routes/hosts.ts';
import { registerMatrix } from './routes/matrix.ts';
import { registerNames } from './routes/names.ts';
import { registerResolutions } from './routes/resolutions.ts';
import { registerVerifications } from './routes/verifications.ts';
import { registerWebApp } from './routes/web-app.ts';
import type { Services } from './services.ts';
import { serializerCompiler, validatorCompiler } from './validation.ts';

export interface ServerOptions {
  readonly services: (log: App['log']) => Services;
  /** Pino's options, or false for silence. */
  readonly logger: NonNullable<FastifyServerOptions['logger']>;
  /** Folder of the built dashboard. */
  readonly webDirectory: string;
  /** Names under which the server may be asked, besides addresses and localhost. */
  readonly allowedNames: readonly string[];
}

/** The whole HTTP server, not yet listening. What it answers with comes from `services`. */
export async function createServer(
  options: ServerOptions,
): Promise<{ readonly app: App; readonly services: Services }> {
  const app: App = fastify({
    logger: options.logger,
    bodyLimit: limits.requestBytes,
    // A slow sender holds nothing for long; replies may take as long as QEMU needs.
    requestTimeout: 30_000,
    connectionTimeout: 180_000,
    keepAliveTimeout: 10_000,
    routerOptions: { maxParamLength: 300 },
    requestIdHeader: false,
    // Nothing uses Fastify's own validator and serializer; so it need not load them, which takes 80 ms.
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } },
    logController: new LogController({ disableRequestLogging: true }),
    frameworkErrors: (error, request, reply) => handleError(error, request, reply),
  }).withTypeProvider<ZodTypeProvider>();
  const services = options.services(app.log);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(handleError);
  app.addHook('onRequest', guardAgainstForeignPages(options.allowedNames));
  app.addHook('onSend', async (request, reply) => void reply.header('x-request-id', request.id));
  app.addHook('onClose', async () => services.close());
  app.addHook('onResponse', async (request, reply) => {
    const { statusCode, elapsedTime } = reply;
    services.metrics.countRequest(statusCode);
    const line = { method: request.method, url: request.url, statusCode, durationMs: Math.round(elapsedTime) };
    if (watchedPaths.has(request.url)) request.log.debug(line, 'answered');
    else request.log.info(line, 'answered');
  });
  await registerPlugins(app, services.version);
  await app.register(async (api: App) => registerApi(api, services), { prefix: '/api/v1' });
  registerHealth(app, services);
  app.get('/api/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  registerWebApp(app, options.webDirectory);
  return { app, services };
}

function noCompiler(): never {
  throw new AtlasError('INTERNAL', 'a route has a schema, but no compiler for it');
}

/** Asked every few seconds by whatever watches the service. */
const watchedPaths: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

function registerApi(api: App, services: Services): void {
  api.addHook('onRequest', async () => services.start());
  api.addHook('onSend', async (_, reply) => {
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-cache');
  });
  registerHosts(api, services);
  registerCatalogs(api, services);
  registerNames(api, services);
  registerMatrix(api, services);
  registerResolutions(api, services);
  registerVerifications(api, services);
}

async function registerPlugins(app: App, version: string): Promise<void> {
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: { useDefaults: false, directives: contentSecurityPolicy },
    // Loopback is spoken to in plain HTTP; behind a TLS proxy the proxy sets this.
    strictTransportSecurity: false,
    crossOriginEmbedderPolicy: true,
  });
  // The tag is made of the bytes before compression, so it comes first.
  await app.register(fastifyEtag, { weak: true });
  await app.register(fastifyCompress, {
    threshold: 1_024,
    encodings: ['br', 'gzip'],
    requestEncodings: ['identity'],
    // Besides the types that are known to compress well.
    customTypes: /json(?:;|$)/,
  });
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'CPU Atlas',
        version,
        description: 'Which QEMU/KVM CPU models run where, what a guest really sees, and why. Errors: docs/errors.md.',
      },
    },
    transform: jsonSchemaTransform,
    transformObject: transformDocument,
  });
  await app.register(fastifySwaggerUi, {
    routePrefix: '/api/docs',
    theme: { title: 'CPU Atlas API' },
    uiConfig: { docExpansion: 'list', validatorUrl: null, layout: 'BaseLayout' },
    staticCSP: documentationPolicy,
  });
}

const contentSecurityPolicy = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'font-src': ["'self'"],
  'connect-src': ["'self'"],
  'manifest-src': ["'self'"],
  'worker-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** The browsable documentation styles its elements inline; nothing else may. */
const documentationPolicy = {
  ...contentSecurityPolicy,
  'style-src': ["'self'", "'unsafe-inline'"],
};
