import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../http-types.ts';
import { routeNotFound, sendProblem, toProblem } from '../problems.ts';

const yearMs = 365 * 24 * 3600 * 1000;

/**
 * The dashboard: files of its build, and index.html for every other address, because the address belongs to the page.
 * `directory` is where the build lies; where there is none, a page says how to make it.
 */
export function registerWebApp(app: App, directory: string): void {
  const isBuilt = existsSync(join(directory, 'index.html'));
  if (isBuilt) {
    // Files under assets/ carry a hash of their content in their names; everything else is asked for each time.
    void app.register(fastifyStatic, {
      root: directory,
      cacheControl: false,
      // The build lays them beside the files.
      preCompressed: true,
      setHeaders: (reply, path) => {
        const isHashed = path.includes(`${directory}/assets/`);
        void reply.header('cache-control', isHashed ? `public, max-age=${yearMs / 1000}, immutable` : 'no-cache');
      },
    });
  }
  app.setNotFoundHandler((request, reply) => {
    if (!wantsPage(request)) return sendProblem(reply, toProblem(routeNotFound(request), request.id));
    if (isBuilt) return reply.header('cache-control', 'no-cache').sendFile('index.html', directory);
    return sendNotBuilt(reply);
  });
}

/** A person's browser on its way to a view, not a program or a file that is missing. */
function wantsPage({ method, url, headers }: FastifyRequest): boolean {
  const [path = ''] = url.split('?');
  const isPage = (method === 'GET' || method === 'HEAD') && !path.startsWith('/api/') && !path.startsWith('/assets/');
  return isPage && (headers.accept ?? 'text/html').includes('text/html');
}

function sendNotBuilt(reply: FastifyReply): FastifyReply {
  return reply.code(503).type('text/html; charset=utf-8').header('cache-control', 'no-store').send(notBuiltPage);
}

const notBuiltPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>CPU Atlas</title>
<h1>CPU Atlas runs, but its dashboard is not built</h1>
<p>Build it in the checkout with <code>npm run build</code>, then load this page again.</p>
<p>The API works already: <a href="/api/docs">/api/docs</a></p>
</html>
`;
