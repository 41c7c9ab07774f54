/** The words of the player. */
import { defineMessages } from '../i18n/define-messages.js';

export const messages = defineMessages('soundPlayer', { pause: 'Pause', position: 'Position' });
