/** The servers that can be imitated: `npm run offline -- --like NAME`. */
import { ga } from '../../../wire/index.js';
import { publishedKind, type ServerKind } from '../server-kind.js';
import { huggingface } from './huggingface.js';
import { localai } from './localai.js';
import { speaches } from './speaches.js';
import { voicelive } from './voicelive.js';

export const imitations = {
  openai: publishedKind(ga),
  hf: huggingface,
  localai,
  speaches,
  voicelive,
} as const satisfies Record<string, ServerKind>;

export type ImitationName = keyof typeof imitations;
