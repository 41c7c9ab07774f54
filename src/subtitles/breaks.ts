/** How well text reads when it is broken between two words: the lower the cost, the better the place. */
import { GRAMMARS } from './grammar.js';
import { primaryLanguage } from './limits.js';
import type { Word } from './words.js';

export const SENTENCE_BREAK = 0;
export const CLAUSE_BREAK = 3;
const BEFORE_CONJUNCTION = 5;
const BEFORE_PREPOSITION = 7;
const PLAIN_BREAK = 12;
/** After a conjunction or preposition: it belongs to what follows. */
const AFTER_OPENING_WORD = 40;
/** Between article and noun, name and surname, auxiliary and verb: only where there is no other place. */
const INSEPARABLE = 80;

const CLOSERS = `["'”’»)\\]」』）〉》】]*`;
const SENTENCE_END = new RegExp(`[.!?…。！？؟۔।॥]${CLOSERS}$`, 'u');
const CLAUSE_END = new RegExp(`[,;:，；：、،؛–—]${CLOSERS}$`, 'u');
/** A full stop after an initial or a title ends no sentence. */
const ABBREVIATION =
  /^\p{P}*(?:\p{L}|(?:\p{L}\.)+\p{L}|mr|mrs|ms|dr|prof|st|sr|sra|srta|mme|mlle|fr|hr|nr|no|vs|etc|ca|bzw|z\.b)\.$/iu;
const CAPITALIZED = /^\p{Lu}[\p{L}'’.-]*$/u;
/** Particles of Japanese and Chinese: no line should begin with one. */
const PARTICLE =
  /^(?:[はがをにでとものへやかねよなてただし的了着过吗呢吧们地得]|から|まで|ます|です|ました|でした)\p{P}*$/u;

/** Whether a sentence ends with the word, judging by its punctuation and the case of the next word. */
export function endsSentence(word: Word, next: Word | undefined): boolean {
  if (!SENTENCE_END.test(word.text) || ABBREVIATION.test(word.text)) return false;
  return next === undefined || !word.text.includes('.') || !/^\p{P}*\p{Ll}/u.test(next.text);
}

/** @param language of the text, a BCP 47 tag. @returns one of the costs above. */
export function breakCost(word: Word, next: Word, language: string): number {
  if (endsSentence(word, next)) return SENTENCE_BREAK;
  if (CLAUSE_END.test(word.text) || /^[–—([（「『]/u.test(next.text)) return CLAUSE_BREAK;
  if (PARTICLE.test(next.text)) return AFTER_OPENING_WORD;
  // `5 km`, `Dr. Who`
  if (/^\p{Sc}?[\d.,]+$/u.test(word.text) || ABBREVIATION.test(word.text)) return INSEPARABLE;
  if (CAPITALIZED.test(word.text) && CAPITALIZED.test(next.text) && isName(word.text, language))
    return INSEPARABLE;
  return costByGrammar(word.text, next.text, language);
}

/** Whether a capitalized word may be part of a name. German capitalizes every noun, so capitals show nothing there. */
function isName(word: string, language: string): boolean {
  const primary = primaryLanguage(language);
  return primary !== 'de' && !isOpeningWord(word.toLowerCase(), primary);
}

function isOpeningWord(word: string, primary: string): boolean {
  const words = GRAMMARS[primary];
  return words !== undefined && (words.prepositions.has(word) || words.conjunctions.has(word));
}

function costByGrammar(word: string, next: string, language: string): number {
  const words = GRAMMARS[primaryLanguage(language)];
  if (words === undefined) return PLAIN_BREAK;
  const last = bare(word);
  const first = bare(next);
  if (words.articles.has(last) || words.auxiliaries.has(last)) return INSEPARABLE;
  if (words.conjunctions.has(last) || words.prepositions.has(last)) return AFTER_OPENING_WORD;
  if (words.conjunctions.has(first)) return BEFORE_CONJUNCTION;
  if (words.prepositions.has(first)) return BEFORE_PREPOSITION;
  return PLAIN_BREAK;
}

function bare(word: string): string {
  return word.toLowerCase().replace(/^\p{P}+|\p{P}+$/gu, '');
}
