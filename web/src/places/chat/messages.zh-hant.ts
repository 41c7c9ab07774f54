/** The words of Chat, in traditional Chinese. */
import { defineTranslation } from '../../i18n/define-messages.js';
import type { messages } from './messages.js';

export default defineTranslation<typeof messages>('chat', {
  heading: '文字對話',
  placeholder: '輸入訊息',
  hint: 'Enter 傳送，Shift+Enter 換行',
  stopAnswer: '停止回答',
  empty: '寫下第一則訊息',
  emptyHint: '回答會邊寫邊顯示，支援標題、清單和程式碼。',
  emptyTranslates: '每則訊息傳送後即被翻譯。',
  translating: '正在翻譯…',
  messages: '訊息',
  thinking: '正在書寫…',
});
