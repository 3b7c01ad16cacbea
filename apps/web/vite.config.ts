import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `npm run dev` finds the backend: `npx cpu-atlas serve`, on its default port. */
const backend = 'http://127.0.0.1:4280';

export default defineConfig({
  plugins: [react()],
  resolve: { conditions: ['source', 'module', 'browser', 'development|production'] },
  build: {
    // light-dark() and the popover attribute are used as they are, so older engines are out of reach anyway.
    target: ['chrome125', 'firefox128', 'safari18'],
    cssTarget: ['chrome125', 'firefox128', 'safari18'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { host: '127.0.0.1', port: 4281, proxy: { '/api': backend } },
});
