/** Makes the speech engine: each of its parts is a server behind HTTP where one is set, and else built in. */
import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { Apertium } from './apertium.js';
import { BuiltInRecognizer } from './built-in-recognizer.js';
import { BuiltInSynthesizer } from './built-in-synthesizer.js';
import { BuiltInTranslator } from './built-in-translator.js';
import { httpParts } from './http/http-parts.js';
import { takeInventory } from './inventory.js';
import { LanguageNames } from './language-names.js';
import { ProgramRunner } from './process.js';
import { SpeechEngine } from './speech-engine.js';
import type { CascadeSettings } from '../../providers/cascade.js';
import type { Responder } from '../server/responder.js';

export interface SpeechEngineOptions {
  readonly logger?: Pick<Logger, 'debug' | 'warn'>;
  /** The parts behind HTTP; absent: all are built in. */
  readonly parts?: CascadeSettings | undefined;
  /** Where programs are searched; the PATH of this process if absent. */
  readonly path?: string;
  /** The root of the file system with Debian's packages; `/` if absent. */
  readonly root?: string;
}

/** Detects what is installed; works even if some or all programs are missing. */
export async function createSpeechEngine(options: SpeechEngineOptions = {}): Promise<Responder> {
  const { path, root = '/', logger } = options;
  const probing = new ProgramRunner(1, path);
  const inventory = await takeInventory(root, probing, new AbortController().signal);
  const { pairs, missingPairs: missing } = inventory;
  const apertium = new Apertium({ pairs, missing, path, logger });
  const names = new LanguageNames(apertium.sources);
  // Two runners, since recognition takes seconds and synthesis does not: neither waits for the other.
  const runner = (): ProgramRunner => new ProgramRunner(availableParallelism(), path);
  const http = httpParts(options.parts, logger);
  const parts = {
    stt: http.stt ?? new BuiltInRecognizer(inventory, runner(), apertium, names),
    translator: http.translator ?? new BuiltInTranslator(apertium, names),
    tts: http.tts ?? new BuiltInSynthesizer(inventory, runner(), names),
  };
  const engine = new SpeechEngine(parts, names, {
    checks: () => http.readiness.checks(),
    close: async () => {
      http.readiness.close();
      await apertium.close();
    },
  });
  const { missing: notInstalled, ...capabilities } = await engine.capabilities();
  logger?.debug({ pairs: pairs.length, parts: capabilities.parts, missing: notInstalled }, 'speech engine');
  return engine;
}
