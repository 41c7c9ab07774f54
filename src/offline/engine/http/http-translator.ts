/** A translator behind HTTP: its languages, its form, and the bounds of its answers. */
import { randomBytes } from 'node:crypto';
import type { TranslatorSettings } from '../../../providers/cascade.js';
import { ResponderError } from '../../server/errors.js';
import type { EngineCapabilities, PartDescription } from '../../server/responder.js';
import { primaryTag, type LanguageRequest } from '../languages.js';
import type { Question, ResolvedLanguages, TranslatorOptions, Translator } from '../parts.js';
import { endpointAt } from './addresses.js';
import { AnswerFilter } from './answer-filter.js';
import { readChatAnswer } from './chat-answer.js';
import { chatRequest, conversationRequest, type ChatRequest } from './chat-request.js';
import { canonicalLanguage } from './detected-language.js';
import type { ChatForm, FormSlots, ServiceForm, TranslationForm } from './form.js';
import type { PartClient } from './part-client.js';
import { PartError } from './part-error.js';

/** Of the question's length, and beyond it, in characters. */
const MAX_GROWTH = 4;
const MAX_SPARE_CHARS = 2_000;
/** JSON may write a character as `\uXXXX`, and names the languages beside it. */
const MAX_BYTES_PER_CHAR = 6;

export class HttpTranslator implements Translator {
  readonly description: PartDescription;
  readonly missing = [];
  readonly #client: PartClient;
  readonly #settings: TranslatorSettings;
  readonly #form: TranslationForm;
  /** As the service lists them; unknown until it has. */
  #languages: EngineCapabilities['languages'] = 'any';

  constructor(client: PartClient, settings: TranslatorSettings, form: TranslationForm) {
    const { model } = settings;
    this.description = { kind: 'http', ...(model !== undefined && { model }) };
    this.#client = client;
    this.#settings = settings;
    this.#form = form;
  }

  capabilities(): Pick<EngineCapabilities, 'languages' | 'chains'> {
    return { languages: this.#languages, chains: [] };
  }

  /** @param answer the service's list of languages; ignored where it is none */
  learnLanguages(answer: unknown): void {
    if (this.#form.kind !== 'service') return;
    this.#languages = this.#form.readLanguages?.(answer) ?? this.#languages;
  }

  resolve(requested: LanguageRequest, question: Question): Promise<ResolvedLanguages> {
    const source = requested.source ?? question.language;
    const target = requested.target ?? otherOf(requested.between, source);
    const { needs } = this.#form;
    if (needs.includes('target') && target === undefined) throw unnamed('`target`', 'translate to');
    if (needs.includes('source') && source === undefined) throw unnamed('`source`', 'translate from');
    this.#check(source, target);
    return Promise.resolve({ source, target });
  }

  async *translate(
    text: string,
    { source, target }: ResolvedLanguages,
    options: TranslatorOptions,
    signal: AbortSignal,
  ): AsyncGenerator<string, void, void> {
    const { prompt, context, conversation, onDetected } = options;
    const slots = { text, source, target, prompt, context };
    const form = this.#form;
    const answer =
      form.kind === 'chat'
        ? this.#chat(this.#chatRequest(form, slots, conversation), signal)
        : this.#ask(form, slots, onDetected, signal);
    const maxLength = MAX_GROWTH * text.length + MAX_SPARE_CHARS;
    let length = 0;
    try {
      for await (const delta of answer) {
        length += delta.length;
        if (length > maxLength)
          throw this.#client.failure('overlong', 'sent far more text than the question has');
        yield delta;
      }
    } catch (error) {
      throw length === 0 ? error : this.#afterBeginning(error);
    }
    if (length === 0) throw this.#client.failure('incomplete', 'ended its answer without a word');
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** What failed after a delta cannot be run again; a deadline and a limit stay what they are. */
  #afterBeginning(error: unknown): unknown {
    if (!(error instanceof PartError) || !['unavailable', 'rejected'].includes(error.kind)) return error;
    return this.#client.failure('incomplete', 'failed in the middle of its answer');
  }

  #chatRequest(
    form: ChatForm,
    slots: FormSlots,
    conversation: TranslatorOptions['conversation'],
  ): ChatRequest {
    const model = this.#settings.model ?? 'default';
    const isAnswered = conversation !== undefined && form.system !== undefined;
    if (isAnswered) return conversationRequest(form, model, slots, conversation);
    return chatRequest(form, model, slots, randomBytes(4).toString('hex'));
  }

  async *#chat(
    { body, filter: options }: ChatRequest,
    signal: AbortSignal,
  ): AsyncGenerator<string, void, void> {
    const answer = await this.#client.open(
      {
        ...{ url: endpointAt(this.#settings.url, '/chat/completions'), method: 'POST' },
        headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' },
        body: JSON.stringify(body),
      },
      signal,
    );
    const filter = new AnswerFilter(options);
    try {
      for await (const delta of readChatAnswer(answer, this.#client)) {
        const text = filter.push(delta);
        if (text !== '') yield text;
        if (filter.stopped) return;
      }
      const rest = filter.end();
      if (rest !== '') yield rest;
    } finally {
      answer.close();
    }
  }

  async *#ask(
    form: ServiceForm,
    slots: FormSlots,
    onDetected: (language: string) => void,
    signal: AbortSignal,
  ): AsyncGenerator<string, void, void> {
    const { url, apiKey } = this.#settings;
    const request = {
      url: endpointAt(url, form.path),
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(form.body(slots, apiKey)),
    } as const;
    const maxBytes = MAX_BYTES_PER_CHAR * (MAX_GROWTH * slots.text.length + MAX_SPARE_CHARS);
    const answer = form.read(await this.#client.readJson(request, maxBytes, signal));
    if (answer === undefined) throw this.#client.failure('rejected', 'answered without a translation');
    const language = canonicalLanguage(answer.language);
    if (language !== undefined && slots.source === undefined) onDetected(language);
    if (answer.text !== '') yield answer.text;
  }

  /** @throws ResponderError where the service lists its languages and these are not among them */
  #check(source: string | undefined, target: string | undefined): void {
    const languages = this.#languages;
    if (languages === 'any' || target === undefined) return;
    const from = source === undefined ? languages : languages.filter((each) => isSame(each.source, source));
    if (from.some(({ targets }) => targets.some((each) => isSame(each, target)))) return;
    if (source !== undefined && isSame(source, target)) return;
    throw new ResponderError(
      'unsupported_language',
      `The translator has no translation from ${source ?? 'any language'} to ${target}; \`/api/capabilities\` lists its languages.`,
    );
  }
}

function isSame(one: string, other: string): boolean {
  return primaryTag(one.toLowerCase()) === primaryTag(other.toLowerCase());
}

/** Of two languages the one that the source is not. */
function otherOf(
  between: readonly [string, string] | undefined,
  source: string | undefined,
): string | undefined {
  if (between === undefined || source === undefined) return undefined;
  return isSame(between[0], source) ? between[1] : between[0];
}

function unnamed(field: string, what: string): ResponderError {
  return new ResponderError(
    'unsupported_language',
    `This translator must be told which language to ${what}. Set ${field}.`,
  );
}
