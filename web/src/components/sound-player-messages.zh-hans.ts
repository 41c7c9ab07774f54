/** The words of the player, in simplified Chinese. */
import { defineTranslation } from '../i18n/define-messages.js';
import type { messages } from './sound-player-messages.js';

export default defineTranslation<typeof messages>('soundPlayer', { pause: '暂停', position: '播放位置' });
