/** Makes the body of a chat completion from a form. */
import type { Turn } from '../parts.js';
import type { AnswerFilterOptions } from './answer-filter.js';
import type { ChatForm, FormSlots } from './form.js';
import { primaryTag } from '../languages.js';

interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** Only what every server takes: no tools, no `n`, no `logit_bias`, no `user`. */
export interface ChatBody {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly temperature: number;
  readonly max_tokens: number;
  readonly stream: true;
  readonly stream_options: { readonly include_usage: true };
  readonly stop?: readonly string[];
}

export interface ChatRequest {
  readonly body: ChatBody;
  /** How the answer is cleaned. */
  readonly filter: AnswerFilterOptions;
}

const ENGLISH = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'code' });
const CHINESE = new Intl.DisplayNames(['zh'], { type: 'language', fallback: 'code' });

/** @param marker drawn for this request, so that no text can contain it */
export function chatRequest(form: ChatForm, model: string, slots: FormSlots, marker: string): ChatRequest {
  const values = valuesOf(slots, marker);
  const fill = (template: string): string => fillTemplate(template, values);
  const system = (form.system ?? []).filter((paragraph) => isFilled(paragraph, values)).map(fill);
  const messages: ChatMessage[] = [{ role: 'user', content: fill(userTemplate(form, model, slots)) }];
  if (form.system !== undefined) messages.unshift({ role: 'system', content: system.join('\n\n') });
  const stop = form.stop.map(fill);
  return {
    body: bodyOf(form, model, slots.text, messages, stop),
    filter: { markers: [values.open, values.close], leading: form.leading.map(fill), stops: stop },
  };
}

/** A question that is to be answered and not translated, after the turns before it. */
export function conversationRequest(
  form: ChatForm,
  model: string,
  { text, prompt, context }: FormSlots,
  turns: readonly Turn[],
): ChatRequest {
  const messages: ChatMessage[] = [
    { role: 'system', content: [prompt, context].filter((part) => part !== '').join('\n\n') },
    ...turns.map(({ role, text: content }) => ({ role, content })),
    { role: 'user', content: text },
  ];
  return { body: bodyOf(form, model, text, messages, []), filter: { markers: [], leading: [], stops: [] } };
}

function bodyOf(
  { temperature, spareTokens }: ChatForm,
  model: string,
  text: string,
  messages: readonly ChatMessage[],
  stop: readonly string[],
): ChatBody {
  return {
    model,
    messages,
    temperature,
    max_tokens: spareTokens + text.length,
    stream: true,
    stream_options: { include_usage: true },
    ...(stop.length > 0 && { stop }),
  };
}

function userTemplate({ user, withoutContext }: ChatForm, model: string, slots: FormSlots): string {
  const takesContext = slots.context !== '' && withoutContext?.test(model.toLowerCase()) !== true;
  if (takesContext && user.withContext !== undefined) return user.withContext;
  const isChinese = [slots.source, slots.target].some((tag) => tag !== undefined && primaryTag(tag) === 'zh');
  return isChinese && user.withChinese !== undefined ? user.withChinese : user.plain;
}

type Values = Readonly<Record<string, string>> & { readonly open: string; readonly close: string };

function valuesOf({ text, source, target, prompt, context }: FormSlots, marker: string): Values {
  const name = (tag: string | undefined): string => (tag === undefined ? '' : (ENGLISH.of(tag) ?? tag));
  return {
    ...{ text, context },
    prompt: prompt === '' ? `Translate what the user says into ${name(target ?? 'en')}.` : prompt,
    ...{ source: name(source), target: name(target) },
    ...{ sourceCode: source ?? '', targetCode: target ?? '' },
    targetInChinese: target === undefined ? '' : (CHINESE.of(target) ?? target),
    ...{ open: `<text-${marker}>`, close: `</text-${marker}>` },
  };
}

const PLACEHOLDER = /\{(\w+)\}/g;

/** In one pass, so that braces of a text are no placeholders. */
function fillTemplate(template: string, values: Values): string {
  return template.replace(PLACEHOLDER, (all, name: string) => values[name] ?? all);
}

function isFilled(template: string, values: Values): boolean {
  return [...template.matchAll(PLACEHOLDER)].every(([, name = '']) => values[name] !== '');
}
