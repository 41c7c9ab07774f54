/** The words of the language picker, in simplified Chinese. */
import { defineTranslation } from '../i18n/define-messages.js';
import type { messages } from './language-picker-messages.js';

export default defineTranslation<typeof messages>('languagePicker', {
  search: (label) => `${label}：搜索`,
  nothing: '这里没有这种语言',
});
