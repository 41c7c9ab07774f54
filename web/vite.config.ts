/** The build of the page, and the proxy of `npm run dev:web` to the service (SERVICE_URL, default port 8000). */
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';
import { styleHashes } from './style-hashes.ts';
import { WAVEFORM_HEIGHT_PX } from './waveform.ts';

const service = process.env.SERVICE_URL ?? 'http://127.0.0.1:8000';

/** All but what is loaded when it is needed: places, settings, what only some places share, and the player. */
const FRAME =
  /^(?!.*(\/places\/[^/]+\/(?!index\.ts)|\/i18n\/(all-)?zh-|\.zh-han[st]\.ts|\/settings\/|\/conversation\/|\/api\/(jobs|translate)\.ts|\/audio\/recorder|wavesurfer|marked|sound-messages|SoundSettings|test-tone|sound-player|SoundPlayer|Waveform|waveform|Sheet\.vue))/;

/** The place that opens first and what only it uses, without what it loads later (`lazy-parts.ts`). */
const TRANSLATE =
  /\/api\/translate\.ts|\/audio\/recorder|\/places\/translate\/(?!index\.ts|messages\.zh-|HistoryList|RecordingPanel|ShareMenu|CodePanel|code-samples)/;

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
        // Each file costs about 1.2 kB of headers: what the places share is one file, not one for each component.
        codeSplitting: {
          groups: [
            { name: 'frame', test: FRAME },
            { name: 'translate', test: TRANSLATE },
          ],
        },
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
