/** The words of the player. */
import { defineMessages } from '../i18n/define-messages.js';

export const messages = defineMessages({
  en: { pause: 'Pause', position: 'Position' },
  'zh-Hans': { pause: '暂停', position: '播放位置' },
  'zh-Hant': { pause: '暫停', position: '播放位置' },
});
