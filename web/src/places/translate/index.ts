/** Translate: a text or a recording in, its translation out. */
import { definePlace } from '../../shell/place.js';

export default definePlace({
  id: 'translate',
  name: { en: 'Translate', 'zh-Hans': '翻译', 'zh-Hant': '翻譯' },
  icon: 'globe',
  takesFiles: true,
  component: () => import('./TranslateView.vue'),
});
