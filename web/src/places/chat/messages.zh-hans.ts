/** The words of Chat, in simplified Chinese. */
import { defineTranslation } from '../../i18n/define-messages.js';
import type { messages } from './messages.js';

export default defineTranslation<typeof messages>('chat', {
  heading: '文字对话',
  placeholder: '输入消息',
  hint: 'Enter 发送，Shift+Enter 换行',
  stopAnswer: '停止回答',
  empty: '写下第一条消息',
  emptyHint: '回答会边写边显示，支持标题、列表和代码。',
  emptyTranslates: '每条消息发送后即被翻译。',
  translating: '正在翻译…',
  messages: '消息',
  thinking: '正在书写…',
});
