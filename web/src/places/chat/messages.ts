/** The words of Chat. */
import { defineMessages } from '../../i18n/define-messages.js';

export const messages = defineMessages('chat', {
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
});
