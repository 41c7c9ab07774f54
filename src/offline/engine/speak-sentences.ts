/** Speaks a translation sentence by sentence while its text still comes. */
import { splitIntoSegments } from './apertium-text.js';
import type { ResponderEvent } from '../server/responder.js';

type Speak = (sentence: string) => AsyncIterable<Buffer>;

type Step =
  | { from: 'text'; result: IteratorResult<string> }
  | { from: 'speech'; result: IteratorResult<Buffer> }
  | { from: 'text' | 'speech'; error: unknown };

/**
 * Yields the text as it comes, and the speech of each sentence once the sentence is complete, one sentence at a time. Where
 * a voice fails, the rest of the text is yielded first, so that nothing of it is lost, and the failure is thrown then.
 * @param stop makes pending work end; called when the loop over the events is left early
 */
export async function* speakSentences(
  text: AsyncIterable<string>,
  speak: Speak,
  stop: () => void,
): AsyncGenerator<ResponderEvent, void, void> {
  const sentences = new SentenceQueue();
  const words = text[Symbol.asyncIterator]();
  let voice: AsyncIterator<Buffer> | undefined;
  let nextWords: Promise<Step> | undefined = settled('text', words.next());
  let nextSound: Promise<Step> | undefined;
  let failure: { error: unknown } | undefined;
  try {
    for (;;) {
      if (voice === undefined && failure === undefined) voice = begin(sentences.shift(), speak);
      if (voice !== undefined) nextSound ??= settled('speech', voice.next());
      const pending: Promise<Step>[] = [nextWords, nextSound].filter((next) => next !== undefined);
      if (pending.length === 0) break;
      const step: Step = await Promise.race(pending);
      if ('error' in step) {
        if (step.from === 'text') throw step.error;
        failure = { error: step.error };
        voice = nextSound = undefined;
      } else if (step.from === 'text') {
        nextWords = step.result.done === true ? undefined : settled('text', words.next());
        if (step.result.done === true) {
          sentences.end();
          continue;
        }
        sentences.push(step.result.value);
        yield { type: 'text', delta: step.result.value };
      } else {
        nextSound = undefined;
        if (step.result.done === true) voice = undefined;
        else yield { type: 'audio', pcm: step.result.value };
      }
    }
    if (failure !== undefined) throw failure.error;
  } finally {
    stop();
    await Promise.allSettled([words.return?.(), voice?.return?.()]);
  }
}

function begin(sentence: string | undefined, speak: Speak): AsyncIterator<Buffer> | undefined {
  return sentence === undefined ? undefined : speak(sentence)[Symbol.asyncIterator]();
}

/** Never rejects, so that the step that loses a race is not an unhandled rejection. */
function settled(from: 'text', next: Promise<IteratorResult<string>>): Promise<Step>;
function settled(from: 'speech', next: Promise<IteratorResult<Buffer>>): Promise<Step>;
function settled(from: 'text' | 'speech', next: Promise<IteratorResult<string | Buffer>>): Promise<Step> {
  return next.then(
    (result) => ({ from, result }) as Step,
    (error: unknown) => ({ from, error }),
  );
}

/** Complete sentences of a text that comes in pieces. */
class SentenceQueue {
  readonly #complete: string[] = [];
  #rest = '';

  push(piece: string): void {
    this.#rest += piece;
    const segments = splitIntoSegments(this.#rest);
    const last = segments.pop();
    // What follows decides whether a sentence ends, so that the last one is not complete.
    if (last === undefined || segments.length === 0) return;
    this.#add(segments.map(({ sentence }) => sentence));
    this.#rest = last.before + last.sentence + last.after;
  }

  end(): void {
    this.#add(splitIntoSegments(this.#rest).map(({ sentence }) => sentence));
    this.#rest = '';
  }

  shift(): string | undefined {
    return this.#complete.shift();
  }

  #add(sentences: readonly string[]): void {
    this.#complete.push(...sentences.filter((sentence) => /[\p{L}\p{N}]/u.test(sentence)));
  }
}
