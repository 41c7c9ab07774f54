/** The words of the language picker. */
import { defineMessages } from '../i18n/define-messages.js';

export const messages = defineMessages({
  en: { search: (label: string) => `${label}: search`, nothing: 'No such language here' },
  'zh-Hans': { search: (label) => `${label}：搜索`, nothing: '这里没有这种语言' },
  'zh-Hant': { search: (label) => `${label}：搜尋`, nothing: '這裡沒有這種語言' },
});
