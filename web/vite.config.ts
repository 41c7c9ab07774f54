/** How the page is built, and how `npm run dev:web` reaches the service (SERVICE_URL, else port 8000 of this machine). */
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

const service = process.env.SERVICE_URL ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [vue()],
  // Components are written with the composition API alone.
  define: { __VUE_OPTIONS_API__: 'false' },
  build: {
    // light-dark() and colour-mix() are used as they stand.
    target: ['chrome123', 'firefox121', 'safari17.5'],
    // The strict policy forbids data: scripts, so nothing is inlined; the worklet must stay a file of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: 'es' },
  server: {
    proxy: {
      '/api': service,
      '/health': service,
      '/realtime-voice': { target: service, ws: true },
      '/text-chat': { target: service, ws: true },
    },
  },
});
