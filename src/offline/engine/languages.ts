/** The source and target languages of a request: from its metadata, its prompt, or the defaults. */
import { normalizeText } from './apertium-text.js';
import type { LanguageNames, Mention } from './language-names.js';
import { ResponderError } from '../server/errors.js';
import type { ResponderRequest } from '../server/responder.js';

/** Absent languages are not specified. Tags are canonical BCP 47. */
export interface LanguageRequest {
  readonly source?: string;
  readonly target?: string;
  /** Interpretation in both directions: from either language to the other. */
  readonly between?: readonly [string, string];
}

/** The defaults: English to Spanish, any other language to English. */
export const DEFAULT_SOURCE = 'en';
const DEFAULT_TARGET = 'es';

export function defaultTarget(source: string): string {
  return primaryTag(source) === DEFAULT_SOURCE ? DEFAULT_TARGET : DEFAULT_SOURCE;
}

/** The language without script and region: `pt-BR` → `pt`. */
export function primaryTag(tag: string): string {
  return tag.split('-')[0] ?? tag;
}

/**
 * Metadata (`source_language`, `target_language`; tags, names or `auto`) takes precedence over prompts. Prompts are the
 * instructions and then the system items; the first that names a target decides. User items never count as instructions.
 * @throws ResponderError `unsupported_language` for metadata that does not name a language
 */
export function readLanguages(
  { metadata, instructions, items }: Pick<ResponderRequest, 'metadata' | 'instructions' | 'items'>,
  names: LanguageNames,
): LanguageRequest {
  const source = readTag(metadata.source_language, names);
  const target = readTag(metadata.target_language, names);
  const stated = { ...(source !== undefined && { source }), ...(target !== undefined && { target }) };
  if (source !== undefined && target !== undefined) return stated;

  const system = items.filter(({ role }) => role === 'system').flatMap(({ parts }) => parts);
  const prompts = [instructions, ...system.map((part) => (part.type === 'text' ? part.text : ''))];
  let prompted: LanguageRequest = {};
  for (const prompt of prompts.map(normalizeText)) {
    prompted = { ...readPrompt(prompt, names), ...prompted };
    if (prompted.target !== undefined || prompted.between) break;
  }
  return { ...prompted, ...stated };
}

function readTag(value: string | undefined, names: LanguageNames): string | undefined {
  const tag = normalizeText(value ?? '')
    .trim()
    .replaceAll('_', '-');
  if (tag === '' || tag.toLowerCase() === 'auto') return undefined;
  const named = names.tagOf(tag);
  if (named !== undefined) return named;
  try {
    const [canonical] = Intl.getCanonicalLocales(tag);
    if (canonical !== undefined) return canonical;
  } catch {
    // Intl throws a RangeError for an invalid tag.
  }
  throw new ResponderError(
    'unsupported_language',
    `'${tag}' is not a language tag. Write it as in 'es' or 'pt-BR'.`,
  );
}

type Role = 'source' | 'target' | 'in' | 'bare';

const ARROW = /(?:→|⇒|->|=>)\s*$/u;
/** Precedes the language in which something is said. */
const SAID =
  /\b(?:(?:said|says|spoken|speaking|written|recorded) in|(?:I|we|they|he|she|users?|speakers?|callers?|customers?|guests?) (?:\p{L}+ )?(?:say|speak|talk|write|hear)s?(?: in)?)\s+$/iu;
const ROLE_OF_WORD: ReadonlyMap<string, Role> = new Map<string, Role>([
  ...['to', 'into', 'al', 'vers', 'ins', 'auf', 'nach', 'para'].map((word) => [word, 'target'] as const),
  ...['from', 'de', 'del', 'du', 'desde', 'aus', 'von'].map((word) => [word, 'source'] as const),
  ...['in', 'en', 'em'].map((word) => [word, 'in'] as const),
]);
/** Words between the one that gives the role and the name: into *clear, natural* Spanish. */
const MAX_WORDS_BETWEEN = 2;
/** Only in a text with such a task does a language without a role count. */
const TASK = /\b(?:translat|interpret|answer|repl(?:y|ies)\b|respond|speak\b|tradu|übersetz|dolmetsch)/iu;
const BOTH_WAYS =
  /vice[- ]?versa|both (?:directions|ways)|and back|↔|⇄|<->|\bbetween\b|\bentre\b|\bzwischen\b/iu;

/** The languages of a prompt, by the words before their names. */
export function readPrompt(prompt: string, names: LanguageNames): LanguageRequest {
  const mentions = names.find(prompt);
  const roles = mentions.map((mention, index) => roleOf(prompt, mention, mentions[index + 1]));
  const all = (role: Role): string[] => mentions.filter((_, at) => roles[at] === role).map(({ tag }) => tag);

  const [target] = all('target');
  const source = all('source').find((tag) => tag !== target);
  const hasTask = TASK.test(prompt);
  const named = [...new Set(mentions.map(({ tag }) => tag))];
  const [one, other, third] = named;
  const isPair = one !== undefined && other !== undefined && third === undefined;
  if (isPair && (BOTH_WAYS.test(prompt) || (hasTask && all('bare').length === mentions.length))) {
    return { between: [one, other] };
  }
  const implied = hasTask ? (all('in')[0] ?? all('bare')[0]) : undefined;
  const into = target ?? (implied === source ? undefined : implied);
  return { ...(source !== undefined && { source }), ...(into !== undefined && { target: into }) };
}

function roleOf(prompt: string, mention: Mention, next: Mention | undefined): Role {
  const before = prompt.slice(0, mention.start);
  if (ARROW.test(before)) return 'target';
  if (SAID.test(before)) return 'source';
  // `English to Spanish`, `an English text into Spanish`
  if (
    next &&
    /^\s*(?:\p{L}+\s+)?(?:to|into|al|→|⇒|->|=>)\s*$/iu.test(prompt.slice(mention.end, next.start))
  ) {
    return 'source';
  }
  const words = /(?:[\p{L}']+[\s,]+)*$/u.exec(before.slice(-80))?.[0].match(/[\p{L}']+/gu) ?? [];
  for (const word of words.reverse().slice(0, MAX_WORDS_BETWEEN + 1)) {
    const role = ROLE_OF_WORD.get(word.toLowerCase());
    if (role) return role;
  }
  return 'bare';
}
