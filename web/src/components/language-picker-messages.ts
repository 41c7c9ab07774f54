/** The words of the language picker. */
import { defineMessages } from '../i18n/define-messages.js';

export const messages = defineMessages('languagePicker', {
  search: (label: string) => `${label}: search`,
  nothing: 'No such language here',
});
