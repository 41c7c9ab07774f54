/** The words of the player, in traditional Chinese. */
import { defineTranslation } from '../i18n/define-messages.js';
import type { messages } from './sound-player-messages.js';

export default defineTranslation<typeof messages>('soundPlayer', { pause: '暫停', position: '播放位置' });
