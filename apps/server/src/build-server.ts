import fastifyCompress from '@fastify/compress';
import fastifyEtag from '@fastify/etag';
import fastifyHelmet from '@fastify/helmet';
import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import { limits } from '@cpu-atlas/contract';
import { AtlasError } from '@cpu-atlas/core';
import { fastify, LogController, type FastifyServerOptions } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { defaultAccessSettings, isEncrypted } from './auth/access-settings.ts';
import { createPeerKnowledge } from './auth/peer.ts';
import { withoutSecrets } from './auth/redaction.ts';
import { registerAccess, type AccessOptions, type AccessParts } from './auth/register-access.ts';
import { declareAccess } from './auth/route-access.ts';
import { createServerMaker } from './auth/tls.ts';
import { createCubeService } from './cube/cube-service.ts';
import { guardAgainstForeignPages } from './browser-guard.ts';
import type { App } from './http-types.ts';
import { handleError } from './problems.ts';
import { securitySchemes, transformDocument, transformRoute } from './openapi-document.ts';
import { registerAgents } from './routes/agents.ts';
import { registerAudit } from './routes/audit.ts';
import { registerCpuComparisons } from './routes/baselines-compare.ts';
import { registerBaselines } from './routes/baselines.ts';
import { registerCatalogs } from './routes/catalogs.ts';
import { registerCustomModels } from './routes/custom-models.ts';
import { registerComparisons } from './routes/comparisons.ts';
import { registerCpuMaps } from './routes/cpu-maps.ts';
import { registerCube } from './routes/cube.ts';
import { registerDecodings } from './routes/decodings.ts';
import { registerEvents } from './routes/events.ts';
import { registerGuestCpuids } from './routes/guest-cpuids.ts';
import { registerHealth } from './routes/health.ts';
import { registerHosts } from './routes/hosts.ts';
import { registerImports } from './routes/imports.ts';
import { registerMatrix } from './routes/matrix.ts';
import { registerNames } from './routes/names.ts';
import { registerPresets } from './routes/presets.ts';
import { registerPlans } from './routes/plans.ts';
import { registerPolicies } from './routes/policies.ts';
import { registerReports } from './routes/reports.ts';
import { registerSchemas } from './routes/schemas.ts';
import { registerSecurity } from './routes/security.ts';
import { registerObservations } from './routes/observations.ts';
import { registerResolutions } from './routes/resolutions.ts';
import { registerStability } from './routes/stability.ts';
import { registerSessions } from './routes/sessions.ts';
import { registerTokens } from './routes/tokens.ts';
import { registerVerifications } from './routes/verifications.ts';
import { registerVms } from './routes/vms.ts';
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
  /** Who gets in. Left out: whoever sits at this machine, and nobody else. */
  readonly access?: AccessOptions;
}

export interface CreatedServer {
  readonly app: App;
  readonly services: Services;
  /** Reads certificate and key again. @throws USAGE_INVALID, and the old ones stay */
  reloadTls(): void;
}

/** A slow sender holds nothing for long; replies may take as long as QEMU needs. */
const connectionLimits = { requestTimeoutMs: 30_000, connectionTimeoutMs: 180_000, keepAliveTimeoutMs: 10_000 };

/**
 * The whole HTTP server, not yet listening. What it answers with comes from `services`.
 * @throws USAGE_INVALID for settings of the access that cannot be used
 */
export async function createServer(options: ServerOptions): Promise<CreatedServer> {
  const access = options.access ?? { settings: defaultAccessSettings, isLoopbackBind: true };
  const peers = createPeerKnowledge(access.settings);
  const servers = createServerMaker(access.settings.tls, connectionLimits);
  const app: App = fastify({
    logger: options.logger,
    bodyLimit: limits.requestBytes,
    serverFactory: servers.make,
    trustProxy: peers.proxies.isEmpty ? false : (address) => peers.proxies.has(address),
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
  const isHttps = isEncrypted(access.settings);
  await registerHeaders(app, isHttps);
  app.addHook('onRequest', guardAgainstForeignPages({ allowedNames: options.allowedNames, isHttps }));
  app.addHook('onSend', async (request, reply) => void reply.header('x-request-id', request.id));
  app.addHook('onClose', async () => services.close());
  app.addHook('onResponse', async (request, reply) => {
    const { statusCode, elapsedTime } = reply;
    services.metrics.countRequest(statusCode);
    const url = withoutSecrets(request.url);
    const line = { method: request.method, url, statusCode, durationMs: Math.round(elapsedTime) };
    if (watchedPaths.has(request.url)) request.log.debug(line, 'answered');
    else request.log.info(line, 'answered');
  });
  const gate = await registerAccess(app, services.store, access, peers);
  await registerDocumentation(app, services.version);
  // Without what only browsers understand: thousands of these come in a second.
  await app.register(async (api: App) => registerAgents(inApi(api, services), services), { prefix: '/api/v1' });
  await app.register(async (scope: App) => registerForPeople(scope, services, gate, options.webDirectory));
  return { app, services, reloadTls: () => servers.reload() };
}

/** All that browsers and scripts ask for. */
async function registerForPeople(app: App, services: Services, gate: AccessParts, webDirectory: string): Promise<void> {
  await registerCompression(app);
  await app.register(async (api: App) => registerApi(inApi(api, services), services, gate), { prefix: '/api/v1' });
  registerHealth(app, services);
  app.get('/api/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async () => app.swagger());
  await app.register(async (pages: App) => {
    pages.addHook('onRoute', declareAccess('public'));
    registerWebApp(pages, webDirectory);
  });
}

function noCompiler(): never {
  throw new AtlasError('INTERNAL', 'a route has a schema, but no compiler for it');
}

/** Asked every few seconds by whatever watches the service. */
const watchedPaths: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** What all answers of the API have in common. */
function inApi(api: App, services: Services): App {
  api.addHook('onRequest', async () => services.start());
  api.addHook('onSend', async (_, reply) => {
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-cache');
  });
  return api;
}

function registerApi(api: App, services: Services, gate: AccessParts): void {
  registerSessions(api, gate);
  registerTokens(api, gate, () => services.store.nowMs());
  registerAudit(api, services.store);
  registerHosts(api, services);
  registerEvents(api, services);
  registerCatalogs(api, services);
  registerDecodings(api);
  registerNames(api, services);
  registerMatrix(api, services);
  registerBaselines(api, services);
  registerCpuComparisons(api, services);
  registerCpuMaps(api);
  registerStability(api, services);
  registerPresets(api);
  registerCustomModels(api, services);
  const cubes = createCubeService(services, (error) => api.log.error({ err: error }, 'a part of the cube'));
  registerCube(api, services, cubes);
  registerObservations(api, services);
  registerComparisons(api, services);
  registerResolutions(api, services);
  registerPlans(api, services);
  registerVms(api, services);
  registerGuestCpuids(api, services);
  registerVerifications(api, services);
  registerImports(api, services);
  registerReports(api, services, cubes);
  registerSecurity(api, services);
  registerPolicies(api, services);
  registerSchemas(api, services);
}

/** First of all, so that refusals carry these headers, too. */
async function registerHeaders(app: App, isHttps: boolean): Promise<void> {
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: { useDefaults: false, directives: contentSecurityPolicy },
    // Loopback is spoken to in plain HTTP. Other services of the domain are none of our business.
    strictTransportSecurity: isHttps ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    crossOriginEmbedderPolicy: true,
  });
}

async function registerCompression(app: App): Promise<void> {
  // The tag is made of the bytes before compression, so it comes first.
  await app.register(fastifyEtag, { weak: true });
  await app.register(fastifyCompress, {
    threshold: 1_024,
    encodings: ['br', 'gzip'],
    requestEncodings: ['identity'],
    // Besides the types that are known to compress well.
    customTypes: /json(?:;|$)/,
  });
}

/** Before all routes, so that it hears of them. */
async function registerDocumentation(app: App, version: string): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'CPU Atlas',
        version,
        description: 'Which QEMU/KVM CPU models run where, what a guest really sees, and why. Errors: docs/errors.md.',
      },
      components: { securitySchemes },
    },
    transform: transformRoute,
    transformObject: transformDocument,
  });
  await app.register(async (documentation: App) => {
    documentation.addHook('onRoute', declareAccess('public'));
    await documentation.register(fastifySwaggerUi, {
      routePrefix: '/api/docs',
      theme: { title: 'CPU Atlas API' },
      uiConfig: { docExpansion: 'list', validatorUrl: null, layout: 'BaseLayout' },
      staticCSP: documentationPolicy,
    });
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
