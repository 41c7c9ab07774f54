/** The words of the settings. */
import { defineMessages } from '../../i18n/define-messages.js';

export const messages = defineMessages('settings', {
  usage: (count: number, size: string, bound: string) =>
    `${count === 1 ? '1 entry' : `${count} entries`}, ${size} of ${bound} of audio.`,
  films: (size: string) => `Films and recordings of Files: ${size}, as long as there is room.`,
  pinnedStay: 'Pinned entries stay. Where audio has no room, the oldest is removed; its text stays.',
  keepFor: 'Keep entries',
  days: (days: number) => (days === 0 ? 'until you clear them' : days === 1 ? '1 day' : `${days} days`),
  keepAudio: 'Room for audio',
  theme: { auto: 'System', light: 'Light', dark: 'Dark' },
  noKey: 'No key is kept. The page asks for one when the service requires it.',
  keptKey: (end: string) => `The key that ends in ${end} is kept in this tab until you close it.`,
  changeKey: 'Change the key',
  forgetKey: 'Forget the key',
  newKey: 'New key',
  saveKey: 'Save',
  space: 'Space',
  installHint: 'Opens the page in a window of its own, with an icon among your programs.',
  install: 'Install this page',
  installed: 'You are using the installed page.',
  installByBrowser:
    'This browser installs pages from its own menu, if at all: “Install” or “Add to Home Screen”. A page that is not on https cannot be installed.',
  aboutHint: 'Everything that this page does can be done by a program.',
  docs: 'API documentation',
});
