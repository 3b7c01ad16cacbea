import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import type { Plugin } from 'vite';

/** Where `npm run dev` finds the backend: `npx cpu-atlas serve`, on its default port. */
const backend = 'http://127.0.0.1:4280';

/** Fonts are asked for with the scripts: the matrix is laid out by the widths of their letters. */
const preloadFonts: Plugin = {
  name: 'preload-fonts',
  transformIndexHtml: {
    order: 'post',
    handler: (_, { bundle }) =>
      Object.keys(bundle ?? {})
        .filter((name) => name.endsWith('.woff2'))
        .map((name) => ({
          tag: 'link',
          attrs: { rel: 'preload', as: 'font', type: 'font/woff2', crossorigin: '', href: `/${name}` },
          injectTo: 'head' as const,
        })),
  },
};

/** What `src/early.ts` imports is a file of its own, which runs while the page's own script is still on its way. */
const earlyScript = fileURLToPath(new URL('src/early.ts', import.meta.url));
const runEarly: Plugin = {
  name: 'run-early',
  transformIndexHtml: {
    order: 'post',
    handler: (_, { bundle }) =>
      Object.values(bundle ?? {})
        .filter((file) => file.type === 'chunk' && file.moduleIds.includes(earlyScript))
        .map(({ fileName }) => ({
          tag: 'script',
          attrs: { type: 'module', async: true, crossorigin: '', src: `/${fileName}` },
          injectTo: 'head-prepend' as const,
        })),
  },
};

type ModuleInfoOf = (id: string) => {
  readonly isEntry: boolean;
  readonly importers: readonly string[];
} | null;

/** Tells whether a script of the page imports a module, itself or through others, and not only when a screen is opened. */
function createReach(isRoot: (id: string, isEntry: boolean) => boolean) {
  const reached = new Map<string, boolean>();
  const isReached = (id: string, moduleInfoOf: ModuleInfoOf, seen: Set<string> = new Set()): boolean => {
    if (seen.has(id)) return false;
    seen.add(id);
    const known = reached.get(id);
    if (known !== undefined) return known;
    const info = moduleInfoOf(id);
    const isIn =
      info !== null &&
      (isRoot(id, info.isEntry) || info.importers.some((importer) => isReached(importer, moduleInfoOf, seen)));
    // Within a cycle only the module that was asked for first has been looked at whole.
    if (isIn || seen.values().next().value === id) reached.set(id, isIn);
    return isIn;
  };
  return isReached;
}

const isInEarlyScript = createReach((id) => id === earlyScript);
const isInFirstScreen = createReach((_, isEntry) => isEntry);

export default defineConfig({
  plugins: [react(), preloadFonts, runEarly],
  resolve: { conditions: ['source', 'module', 'browser', 'development|production'] },
  build: {
    // light-dark() and the popover attribute are used as they are, so older engines are out of reach anyway.
    target: ['chrome125', 'firefox128', 'safari18'],
    cssTarget: ['chrome125', 'firefox128', 'safari18'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The budget of the first screen is size-budget.mjs.
    chunkSizeWarningLimit: 1_000,
    rolldownOptions: {
      output: {
        // What the page loads at once is one file, whatever later screens share of it: each request costs more than it saves.
        codeSplitting: {
          groups: [
            {
              debugName: 'early',
              priority: 1,
              name: (id, chunks) => (isInEarlyScript(id, (other) => chunks.getModuleInfo(other)) ? 'early' : null),
            },
            {
              debugName: 'first-screen',
              name: (id, chunks) =>
                isInFirstScreen(id, (other) => chunks.getModuleInfo(other)) ? 'first-screen' : null,
            },
          ],
        },
      },
    },
  },
  server: { host: '127.0.0.1', port: 4281, proxy: { '/api': backend } },
});
