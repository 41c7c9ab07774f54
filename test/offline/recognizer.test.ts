/** Speech to words by the real PocketSphinx, spoken by the real Flite. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { splitAtPauses, PocketSphinx } from '../../src/offline/engine/pocketsphinx.js';
import { ProgramRunner } from '../../src/offline/engine/process.js';
import { TranscriptCache } from '../../src/offline/engine/transcript-cache.js';
import { hum, silence } from '../support/offline-audio.js';
import { eventually, pipelinesOf, programsIn, untilGone } from '../support/programs.js';
import { speakSamples } from '../support/speech.js';

const never = new AbortController().signal;
const programs = new ProgramRunner(2, undefined);
const recognizer = new PocketSphinx(programs);

afterAll(() => programs.close());

describe('what was said', () => {
  it.each([
    'I live in a small house with my family.',
    'We have two dogs and three cats.',
    'Can you tell me how to get to the hospital.',
    'The children are playing in the garden.',
  ])('«%s» is understood word for word', async (sentence) => {
    expect(await recognizer.transcribe(await speakSamples(sentence), never)).toBe(sentence);
  });

  it('is understood of a man as well, and when it is faint', async () => {
    const sentence = 'I would like a cup of coffee and a glass of water.';
    expect(await recognizer.transcribe(await speakSamples(sentence, 'rms'), never)).toBe(sentence);
    expect(await recognizer.transcribe(fainter(await speakSamples(sentence), 20), never)).toBe(sentence);
  });

  it('is a sentence for each utterance', async () => {
    const [first, second] = await Promise.all([
      speakSamples('Where is the hospital?'),
      speakSamples('I need a doctor.'),
    ]);
    const pcm = Buffer.concat([first, silence(800), second]);
    expect(await recognizer.transcribe(pcm, never)).toBe('Where is the hospital. I need a doctor.');
  });

  it('is nothing in silence, hum and noise', async () => {
    expect(await recognizer.transcribe(Buffer.alloc(0), never)).toBe('');
    expect(await recognizer.transcribe(Buffer.alloc(3), never)).toBe('');
    expect(await recognizer.transcribe(silence(5_000), never)).toBe('');
    expect(await recognizer.transcribe(hum(3_000, -20), never)).toBe('');
    expect(await recognizer.transcribe(noise(3_000, 2_000), never)).toBe('');
    expect(await recognizer.transcribe(noise(3_000, 60), never)).toBe('');
  });

  it('does not start a program for silence', async () => {
    const closed = new ProgramRunner(1, undefined);
    await closed.close();
    expect(await new PocketSphinx(closed).transcribe(noise(5_000, 20), never)).toBe('');
  });
});

describe('a long recording', () => {
  it('is cut where nobody speaks, into pieces of ten to twenty seconds, and nothing is lost', async () => {
    const sentence = await speakSamples('I need a doctor.');
    const pause = silence(1_000);
    const pcm = Buffer.concat(Array.from({ length: 20 }, () => [sentence, pause]).flat());
    const pieces = splitAtPauses(pcm);
    expect(Buffer.concat(pieces).equals(pcm)).toBe(true);
    expect(pieces.length).toBeGreaterThan(1);
    for (const piece of pieces.slice(0, -1)) {
      expect(piece.length / 48).toBeGreaterThanOrEqual(10_000);
      expect(piece.length / 48).toBeLessThanOrEqual(20_000);
      expect(piece.subarray(-4_800).every((byte) => byte === 0)).toBe(true);
    }
    const words = await recognizer.transcribe(pcm, never);
    expect(words.match(/I need a doctor\./g)).toHaveLength(20);
  });

  it('loses its silent stretches', () => {
    expect(splitAtPauses(Buffer.concat([silence(60_000), hum(1_000, -20)]))).toHaveLength(1);
  });
});

describe('abort', () => {
  it('ends the programs of a recognition and leaves none behind', async () => {
    const before = await pipelinesOf();
    const sentence = await speakSamples('The children are playing in the garden.');
    const abort = new AbortController();
    const words = recognizer.transcribe(Buffer.concat(Array<Buffer>(40).fill(sentence)), abort.signal);
    words.catch(() => undefined);
    const started = await eventually(
      async () => (await pipelinesOf()).filter((each) => !before.includes(each)),
      (pipelines) => pipelines.length === 2,
    );
    await eventually(
      () => programsIn(started),
      (names) => names.some((name) => name.startsWith('pocketsphinx')),
    );
    abort.abort(new Error('gone'));
    await expect(words).rejects.toThrow('gone');
    await untilGone(started);
    expect((await pipelinesOf()).filter((each) => !before.includes(each))).toEqual([]);
  });

  it('of one who waits for a transcript does not disturb the others; that of the last one ends it', async () => {
    let runs = 0;
    let ended = false;
    const transcripts = new TranscriptCache(async (pcm, _language, signal) => {
      runs += 1;
      signal.addEventListener('abort', () => (ended = true));
      return { text: await recognizer.transcribe(pcm, signal) };
    });
    const pcm = await speakSamples('I need a doctor.');
    const [one, other] = [new AbortController(), new AbortController()];
    const first = transcripts.get(pcm, undefined, one.signal);
    const second = transcripts.get(pcm, undefined, other.signal);
    one.abort(new Error('one left'));
    await expect(first).rejects.toThrow('one left');
    expect(await second).toEqual({ text: 'I need a doctor.' });
    expect(await transcripts.get(pcm, undefined, never)).toEqual({ text: 'I need a doctor.' });
    expect(await transcripts.get(Buffer.from(pcm), undefined, never)).toEqual({ text: 'I need a doctor.' });
    expect({ runs, ended }).toEqual({ runs: 1, ended: false });

    const again = Buffer.concat([pcm, silence(20)]);
    const last = new AbortController();
    const third = transcripts.get(again, undefined, last.signal);
    last.abort(new Error('all left'));
    await expect(third).rejects.toThrow('all left');
    expect({ runs, ended }).toEqual({ runs: 2, ended: true });
    expect(await transcripts.get(again, undefined, never)).toEqual({ text: 'I need a doctor.' });
  });
});

function fainter(pcm: Buffer, db: number): Buffer {
  const gain = 10 ** (-db / 20);
  const output = Buffer.alloc(pcm.length);
  for (let at = 0; at < pcm.length; at += 2) output.writeInt16LE(Math.round(pcm.readInt16LE(at) * gain), at);
  return output;
}

/** The same each time. */
function noise(ms: number, amplitude: number): Buffer {
  const output = Buffer.alloc(ms * 48);
  let seed = 1;
  for (let at = 0; at < output.length; at += 2) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    output.writeInt16LE(Math.round((seed / 1_073_741_824 - 1) * amplitude), at);
  }
  return output;
}
