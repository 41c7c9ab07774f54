/** Interpreter: a call that speaks the translation of what is said. */
import { definePlace } from '../../shell/place.js';

export default definePlace({
  id: 'interpreter',
  name: { en: 'Interpreter', 'zh-Hans': '口译', 'zh-Hant': '口譯' },
  icon: 'microphone',
  component: () => import('./InterpreterView.vue'),
});
