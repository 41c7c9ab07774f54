/** The words of the language picker, in traditional Chinese. */
import { defineTranslation } from '../i18n/define-messages.js';
import type { messages } from './language-picker-messages.js';

export default defineTranslation<typeof messages>('languagePicker', {
  search: (label) => `${label}：搜尋`,
  nothing: '這裡沒有這種語言',
});
