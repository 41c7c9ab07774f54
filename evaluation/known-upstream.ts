/** A scripted Realtime server that knows the recording: it answers each segment with the sentences that are spoken in it. */
import { BYTES_PER_MS } from '../src/audio/pcm.js';
import type { ResponderRequest } from '../src/offline/server/responder.js';
import { requestFault, startScripted, type Scripted } from '../test/support/offline.js';
import type { SpokenSentence } from './recording.js';
import type { RecordingFile } from './recording-file.js';

/** How long an answer takes where time is measured. */
export const ANSWER_MS = 1_000;
/** What the middle of a sentence is known by: no two sound the same, sample for sample. */
const MARK_MS = 20;

/** A segment that was asked for; where it is in the recording is known by the sentences in it. */
export interface AskedSegment {
  /** Its first sample, padding included; undefined where no sentence has its middle in it. */
  readonly fromMs: number | undefined;
  readonly text: string;
}

interface Mark {
  readonly pcm: Buffer;
  readonly startMs: number;
  readonly text: string;
}

export class KnownUpstream {
  /** In the order in which they were asked for. */
  readonly asked: AskedSegment[] = [];
  readonly #marks: readonly Mark[];
  #scripted: Scripted | undefined;

  private constructor(marks: readonly Mark[]) {
    this.#marks = marks;
  }

  /** @param answerMs how long each answer takes. */
  static async start(
    recording: RecordingFile,
    sentences: readonly SpokenSentence[],
    answerMs: number,
  ): Promise<KnownUpstream> {
    const marks = sentences.map(async ({ text, startMs, endMs }) => {
      const markMs = Math.round((startMs + endMs - MARK_MS) / 2);
      return { text, startMs: markMs, pcm: await recording.read(markMs, markMs + MARK_MS) };
    });
    const upstream = new KnownUpstream(await Promise.all(marks));
    upstream.#scripted = await startScripted({
      answer: (request) => upstream.#answer(request),
      record: false,
    });
    upstream.script.requests.every(requestFault.slow({ firstMs: answerMs }));
    return upstream;
  }

  get script(): Scripted['script'] {
    return this.#started.script;
  }

  get url(): string {
    return this.#started.url;
  }

  close(): Promise<void> {
    return this.#started.close();
  }

  get #started(): Scripted {
    if (this.#scripted === undefined) throw new Error('The upstream has not started.');
    return this.#scripted;
  }

  #answer({ items }: ResponderRequest): string {
    const part = items.at(-1)?.parts.at(-1);
    if (part?.type !== 'audio' || part.audio === undefined) throw new Error('No recording was sent.');
    const { audio } = part;
    const heard = this.#marks.flatMap((mark) => {
      const at = audio.indexOf(mark.pcm);
      return at < 0 ? [] : [{ ...mark, fromMs: mark.startMs - at / BYTES_PER_MS }];
    });
    const text = heard.map((mark) => mark.text).join(' ');
    this.asked.push({ fromMs: heard[0]?.fromMs, text });
    return text;
  }
}
