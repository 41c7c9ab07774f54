/** The servers that can be imitated: `npm run offline -- --like NAME`. */
import { ga } from '../../../wire/index.js';
import { publishedKind, type ServerKind } from '../server-kind.js';
import { huggingFaceServer } from './huggingface.js';
import { localAiServer } from './localai.js';
import { speachesServer } from './speaches.js';
import { voiceLiveServer } from './voicelive.js';

export const imitations = {
  openai: publishedKind(ga),
  hf: huggingFaceServer,
  localai: localAiServer,
  speaches: speachesServer,
  voicelive: voiceLiveServer,
} as const satisfies Record<string, ServerKind>;

export type ImitationName = keyof typeof imitations;
