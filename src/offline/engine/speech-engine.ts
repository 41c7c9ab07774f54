/** Composes a recognizer, a translator and a synthesizer to what answers in the offline server. */
import type { Item } from '../../wire/index.js';
import { normalizeText } from './apertium-text.js';
import type { LanguageNames } from './language-names.js';
import { primaryTag, readLanguages, type LanguageRequest } from './languages.js';
import type { Recognizer, Synthesizer, Translator, Turn } from './parts.js';
import { speakSentences } from './speak-sentences.js';
import { TranscriptCache } from './transcript-cache.js';
import type {
  EngineCapabilities,
  PartCheck,
  RecognizedSpeech,
  Responder,
  ResponderEvent,
  ResponderRequest,
} from '../server/responder.js';

export interface EngineParts {
  readonly stt: Recognizer;
  readonly translator: Translator;
  readonly tts: Synthesizer;
}

/** What belongs to several parts. */
export interface EngineResources {
  /** Whether the parts behind HTTP can be reached. */
  checks(): Promise<readonly PartCheck[]>;
  close(): Promise<void>;
}

/** Begins the system item that helps to understand the question, as clients of ours write it. */
const CONTEXT = /^Context that helps to understand what follows; it is not to be translated:\n/;
/** A prompt with none of these words asks for an answer instead of a translation. */
const ASKS_TO_TRANSLATE = /translat|interpret|tradu|übersetz|dolmetsch|翻译|翻譯|通訳|번역/iu;
/** Of a response's metadata: the words are wanted as they are, not their translation. */
const TRANSCRIPTION_TASK = 'transcribe';
/** Turns of a conversation that an answer takes into account. */
const MAX_TURNS = 20;

export class SpeechEngine implements Responder {
  readonly #parts: EngineParts;
  readonly #names: LanguageNames;
  readonly #transcripts: TranscriptCache;
  readonly #shared: EngineResources;

  constructor(parts: EngineParts, names: LanguageNames, shared: EngineResources) {
    this.#parts = parts;
    this.#names = names;
    this.#shared = shared;
    this.#transcripts = new TranscriptCache((pcm, language, signal) =>
      parts.stt.transcribe(pcm, language, signal),
    );
  }

  /** Translates the last user item; of the others only system items can contain instructions. */
  async *respond(request: ResponderRequest, signal: AbortSignal): AsyncGenerator<ResponderEvent, void, void> {
    signal.throwIfAborted();
    const { items, output, voice } = request;
    const { translator, tts } = this.#parts;
    const question = items.findLast(({ role }) => role === 'user');
    if (question === undefined) return;
    const requested = readLanguages(request, this.#names);
    const isSpoken = question.parts.some((part) => part.type === 'audio' && part.audio !== undefined);
    if (isSpoken) this.#parts.stt.checkLanguage(requested.source);
    const heard = await this.#textOf(question, requested.source, signal);
    const text = normalizeText(heard.text);
    if (!/[^\s\0]/.test(text)) return;

    const { language } = heard;
    if (language !== undefined) yield { type: 'detected', language };
    if (request.metadata.task === TRANSCRIPTION_TASK) {
      yield { type: 'text', delta: text };
      return;
    }
    const languages = await translator.resolve(requested, { text, isSpoken, language }, signal);
    if (output === 'audio') tts.checkLanguage(languages.target);

    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    const detected: string[] = [];
    const options = {
      ...promptOf(request),
      conversation: conversationOf(request, question, requested),
      onDetected: (tag: string) => detected.push(tag),
    };
    const deltas = translator.translate(text, languages, options, either);
    if (output === 'text') for await (const delta of deltas) yield { type: 'text', delta };
    else {
      const speak = (sentence: string): AsyncIterable<Buffer> =>
        tts.speak(sentence, languages.target, voice, either);
      yield* speakSentences(deltas, speak, () => {
        stop.abort();
      });
    }
    const [tag] = detected;
    if (tag !== undefined && language === undefined) yield { type: 'detected', language: tag };
  }

  async transcribe(
    pcm: Buffer,
    language: string | undefined,
    signal: AbortSignal,
  ): Promise<RecognizedSpeech> {
    this.#parts.stt.checkLanguage(language);
    return this.#transcribe(pcm, language, signal);
  }

  capabilities(): Promise<EngineCapabilities> {
    const { stt, translator, tts } = this.#parts;
    const { languages, chains } = translator.capabilities();
    return Promise.resolve({
      languages,
      chains,
      // What is understood but not translated is of no use.
      speechSources:
        stt.sources === 'any' && languages !== 'any' ? languages.map(({ source }) => source) : stt.sources,
      voices: tts.voices,
      parts: { stt: stt.description, translator: translator.description, tts: tts.description },
      missing: [...translator.missing, ...stt.missing, ...tts.missing],
    });
  }

  checks(): Promise<readonly PartCheck[]> {
    return this.#shared.checks();
  }

  async close(): Promise<void> {
    const { stt, translator, tts } = this.#parts;
    await Promise.all([...[stt, translator, tts].map((part) => part.close()), this.#shared.close()]);
  }

  /** The texts and transcripts of an item, in order. */
  async #textOf({ parts }: Item, source: string | undefined, signal: AbortSignal): Promise<RecognizedSpeech> {
    const texts: string[] = [];
    let language: string | undefined;
    for (const part of parts) {
      if (part.type === 'text') texts.push(part.text);
      else if (part.transcript !== undefined) texts.push(part.transcript);
      else if (part.audio) {
        const heard = await this.#transcribe(part.audio, source, signal);
        texts.push(heard.text);
        language ??= heard.language;
      }
    }
    return {
      text: texts.filter((text) => text !== '').join('\n'),
      ...(language !== undefined && { language }),
    };
  }

  #transcribe(pcm: Buffer, language: string | undefined, signal: AbortSignal): Promise<RecognizedSpeech> {
    return this.#transcripts.get(pcm, language === undefined ? undefined : primaryTag(language), signal);
  }
}

/** The instructions and system items, apart from the context. */
function promptOf({ instructions, items }: ResponderRequest): { prompt: string; context: string } {
  const system = items.filter(({ role }) => role === 'system').map(writtenIn);
  const isContext = (text: string): boolean =>
    text.startsWith('Context that helps to understand what follows; it is not to be translated:\n');
  const prompts = [instructions, ...system.filter((text) => !isContext(text))];
  const contexts = system.filter(isContext).map((text) => text.replace(CONTEXT, ''));
  return { prompt: joined(prompts), context: joined(contexts) };
}

/** The turns before the question, where the prompt asks for an answer and not for a translation. */
function conversationOf(
  { instructions, items }: ResponderRequest,
  question: Item,
  { target, between }: LanguageRequest,
): readonly Turn[] | undefined {
  const prompts = [instructions, ...items.filter(({ role }) => role === 'system').map(writtenIn)];
  const isTranslation = target !== undefined || between !== undefined || joined(prompts) === '';
  if (isTranslation || prompts.some((prompt) => ASKS_TO_TRANSLATE.test(prompt))) return undefined;
  return items
    .slice(0, items.indexOf(question))
    .flatMap((item) => turnOf(item))
    .slice(-MAX_TURNS);
}

function turnOf(item: Item): Turn[] {
  const text = writtenIn(item);
  return item.role === 'system' || text === '' ? [] : [{ role: item.role, text }];
}

function writtenIn({ parts }: Item): string {
  return joined(parts.map((part) => (part.type === 'text' ? part.text : (part.transcript ?? ''))));
}

function joined(texts: readonly string[]): string {
  return texts.filter((text) => text.trim() !== '').join('\n\n');
}
