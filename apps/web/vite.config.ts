import react from '@vitejs/plugin-react';
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

type ModuleInfoOf = (id: string) => {
  readonly isEntry: boolean;
  readonly importers: readonly string[];
} | null;

/** Whether the page's own script imports a module, itself or through others, and not only when a screen is opened. */
function isInFirstScreen(id: string, moduleInfoOf: ModuleInfoOf, seen: Set<string> = new Set()): boolean {
  if (seen.has(id)) return false;
  seen.add(id);
  const known = firstScreen.get(id);
  if (known !== undefined) return known;
  const info = moduleInfoOf(id);
  const isIn =
    info !== null && (info.isEntry || info.importers.some((importer) => isInFirstScreen(importer, moduleInfoOf, seen)));
  // Within a cycle only the module that was asked for first has been looked at whole.
  if (isIn || seen.values().next().value === id) firstScreen.set(id, isIn);
  return isIn;
}

const firstScreen = new Map<string, boolean>();

export default defineConfig({
  plugins: [react(), preloadFonts],
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
