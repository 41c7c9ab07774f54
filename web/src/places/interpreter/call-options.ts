/** What a call is made of, as the user chose it. */
import { AUTO } from '../../language-options.js';

export const SPEECH_MODES = ['auto', 'hold', 'assistant'] as const;

/**
 * `auto`: each sentence is answered to its end, in order. `hold`: the same, heard only while a key is held.
 * `assistant`: speaking interrupts the answer.
 */
export type SpeechMode = (typeof SPEECH_MODES)[number];

export type CallOptions = {
  source: string;
  /** Empty: no translation. */
  target: string;
  voice: string;
  prompt: string;
  mode: SpeechMode;
  /** What is said in either language is interpreted into the other. */
  bothWays: boolean;
};

/** Whether speaking ends the answer. Without a target the other side is an assistant in any case. */
export function isInterrupting({ mode, target, bothWays }: CallOptions): boolean {
  return mode === 'assistant' || (mode === 'auto' && target === '' && !bothWays);
}

/** The query of `/realtime-voice`. */
export function queryOf(options: CallOptions): Record<string, string> {
  const { source, target, voice, prompt, bothWays } = options;
  const interrupt = String(isInterrupting(options));
  if (bothWays && prompt === '') return { prompt: bothWaysPrompt(source, target), voice, interrupt };
  return { source, target, voice, prompt, interrupt };
}

/** What is spoken on either side, where it is known: browsers choose the font and the voice of a screen reader by it. */
export function languagesOf({ source, target, bothWays }: CallOptions): {
  source?: string | undefined;
  target?: string | undefined;
} {
  if (bothWays) return {};
  return { source: source === AUTO ? undefined : source, target: target === '' ? undefined : target };
}

/** The service knows one target for each session; a model can be told of two. */
function bothWaysPrompt(source: string, target: string): string {
  const names = new Intl.DisplayNames('en', { type: 'language' });
  const [first, second] = [names.of(source) ?? source, names.of(target) ?? target];
  return (
    `You are an interpreter between two people, one of whom speaks ${first} and the other ${second}. ` +
    `Whatever is said in ${first}, say in ${second}; whatever is said in ${second}, say in ${first}. ` +
    'Translate faithfully, questions and requests too: never answer them, and add nothing.'
  );
}
