/** The words of Chat. */
import { defineMessages } from '../../i18n/define-messages.js';

export const messages = defineMessages({
  en: {
    heading: 'Text conversation',
    placeholder: 'Write a message',
    hint: 'Enter sends, Shift+Enter starts a new line',
    stopAnswer: 'Stop the answer',
    empty: 'Write the first message',
    emptyHint: 'Answers appear as they are written, with headings, lists and code.',
    emptyTranslates: 'Each message is translated as you send it.',
    translating: 'Translating…',
    messages: 'Messages',
    thinking: 'Writing…',
  },
  'zh-Hans': {
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
  },
  'zh-Hant': {
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
  },
});
