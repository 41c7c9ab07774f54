/** The build of the page, and the proxy of `npm run dev:web` to the service (SERVICE_URL, default port 8000). */
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';
import { styleHashes } from './style-hashes.ts';
import { WAVEFORM_HEIGHT_PX } from './waveform.ts';

const service = process.env.SERVICE_URL ?? 'http://127.0.0.1:8000';

const SHARED_MODULES =
  /\/web\/src\/(components\/(CopyButton|HistoryMenu|Icon|LanguageField|LevelMeter|MoreOptions|Notice|icon-paths)|i18n\/define-messages|format|export|save-file|language-options|use-language-selection|shell\/(move-focus|use-unsaved|page-state|use-shortcuts)|store\/preferences)/;

export default defineConfig({
  plugins: [vue(), styleHashes([WAVEFORM_HEIGHT_PX])],
  // All components use the composition API.
  define: { __VUE_OPTIONS_API__: 'false' },
  build: {
    // These support light-dark() and color-mix().
    target: ['chrome123', 'firefox121', 'safari17.5'],
    // The strict policy forbids data: scripts, so nothing is inlined; the worklet must stay a separate file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Which files each place loads; a test adds up their bytes.
    manifest: true,
    rolldownOptions: {
      output: {
        // Small modules that all places need travel together: each file of its own costs about 1 kB of headers.
        codeSplitting: { groups: [{ name: 'shared', test: SHARED_MODULES }] },
      },
    },
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
