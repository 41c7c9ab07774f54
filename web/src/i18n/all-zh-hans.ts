/** All messages of the page in simplified Chinese, in one file of the build. */
import type { Translation } from './define-messages.js';
import { zhHans } from './zh-hans.js';

export const shared = zhHans;
export const translations = Object.values(
  import.meta.glob<Translation>('../**/*messages.zh-hans.ts', { eager: true, import: 'default' }),
);
