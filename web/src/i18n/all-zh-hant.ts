/** All messages of the page in traditional Chinese, in one file of the build. */
import type { Translation } from './define-messages.js';
import { zhHant } from './zh-hant.js';

export const shared = zhHant;
export const translations = Object.values(
  import.meta.glob<Translation>('../**/*messages.zh-hant.ts', { eager: true, import: 'default' }),
);
