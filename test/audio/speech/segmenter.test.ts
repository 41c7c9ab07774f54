/** Segments of speech in a recording: where they begin and end, what is cut, joined and left out. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { BYTES_PER_MS } from '../../../src/audio/pcm.js';
import { segmentBytes, type SpeechSegment } from '../../../src/audio/speech/segment.js';
import { segmentSpeech, SpeechSegmenter } from '../../../src/audio/speech/segmenter.js';
import { pinkNoise } from '../../../evaluation/random.js';
import { speakSentence } from '../../../evaluation/voice.js';
import { babble, hum, silence } from '../../support/offline-audio.js';

function segments(...parts: Buffer[]): SpeechSegment[] {
  const segmenter = new SpeechSegmenter();
  const pcm = Buffer.concat(parts);
  const found: SpeechSegment[] = [];
  // 4 801 bytes: chunks end in the middle of samples.
  for (let at = 0; at < pcm.length; at += 4_801) found.push(...segmenter.push(pcm.subarray(at, at + 4_801)));
  return [...found, ...segmenter.end()];
}

const times = (found: readonly SpeechSegment[]): [number, number][] =>
  found.map(({ startMs, endMs }) => [startMs, endMs]);
const within = (expected: number, tolerance = 40): unknown => ({
  asymmetricMatch: (value: unknown) => typeof value === 'number' && Math.abs(value - expected) <= tolerance,
  toString: () => `within ${tolerance} of`,
  getExpectedType: () => 'number',
});

function hiss(ms: number, levelDb: number): Buffer {
  const noise = pinkNoise(3);
  const pcm = Buffer.alloc(ms * BYTES_PER_MS);
  for (let at = 0; at < pcm.length; at += 2)
    pcm.writeInt16LE(Math.round(32_768 * 10 ** (levelDb / 20) * noise()), at);
  return pcm;
}

function mix(one: Buffer, other: Buffer): Buffer {
  const mixed = Buffer.from(one);
  for (let at = 0; at < one.length; at += 2)
    mixed.writeInt16LE(Math.max(-32_768, Math.min(32_767, one.readInt16LE(at) + other.readInt16LE(at))), at);
  return mixed;
}

/** Quiet words without a pause: the cut has only this to choose. */
function fainter(pcm: Buffer): Buffer {
  const faint = Buffer.from(pcm);
  for (let at = 0; at < faint.length; at += 2) faint.writeInt16LE(Math.round(faint.readInt16LE(at) / 4), at);
  return faint;
}

describe('the segments of a recording', () => {
  it('end where nobody speaks for half a second, and hold shorter pauses', () => {
    const found = segments(
      silence(1_000),
      babble(1_500),
      silence(400),
      babble(1_500),
      silence(600),
      babble(2_000),
      silence(700),
    );
    expect(times(found)).toEqual([
      [within(1_000), within(4_400)],
      [within(5_000), within(7_000, 150)],
    ]);
    expect(found[0]?.pauses).toEqual([{ startMs: within(2_500), endMs: within(2_900) }]);
    expect(found.map(({ index }) => index)).toEqual([0, 1]);
  });

  it('are padded by 200 ms, but not beyond the recording', () => {
    const [first, second] = segments(
      silence(100),
      babble(1_500),
      silence(3_000),
      babble(1_500),
      silence(900),
    );
    expect(first && segmentBytes(first)).toEqual({ offset: 0, length: within(1_800 * BYTES_PER_MS, 7_200) });
    expect(second?.fromSample).toEqual(within(4_400 * 24, 1_000));
    expect(second?.toSample).toEqual(within(6_300 * 24, 3_600));
  });

  it('are none in silence, in a click, and in noise however loud, even if it begins suddenly', () => {
    expect(segments(silence(30_000))).toEqual([]);
    expect(segments(silence(500), babble(150), silence(5_000))).toEqual([]);
    expect(segments(hiss(10_000, -25))).toEqual([]);
    expect(
      segments(silence(3_000), hiss(10_000, -25), silence(5_000), hum(4_000, -20), hiss(3_000, -45)),
    ).toEqual([]);
    expect(segments()).toEqual([]);
    expect(segments(silence(5))).toEqual([]);
  });

  it('of less than a second are joined to a neighbour within two, and otherwise stay alone', () => {
    expect(
      times(segments(babble(3_000), silence(1_500), babble(500), silence(3_000), babble(600), silence(800))),
    ).toEqual([
      [0, within(5_000)],
      [within(8_000), within(8_600)],
    ]);
    const [joined] = segments(silence(500), babble(600), silence(1_800), babble(4_000), silence(500));
    expect(joined).toMatchObject({ startMs: within(500), endMs: within(6_900, 150) });
    expect(joined?.pauses).toEqual([{ startMs: within(1_100), endMs: within(2_900) }]);
  });

  it('of more than 28 s are cut in the quietest 300 ms of the last eight, without losing a sample', () => {
    const quiet = fainter(babble(300));
    const found = segments(babble(10_000), quiet, babble(13_000), quiet, babble(12_000), silence(1_000));
    expect(times(found)).toEqual([
      [0, within(23_450, 200)],
      [within(23_450, 200), within(35_600, 150)],
    ]);
    expect(found[0]?.toSample).toBe(found[1]?.fromSample);
  });

  it('are never longer than 28 s, whatever music plays', () => {
    const found = segments(babble(90_000));
    expect(found.length).toBeGreaterThanOrEqual(4);
    for (const { startMs, endMs } of found) expect(endMs - startMs).toBeLessThanOrEqual(28_000);
    for (const [index, { toSample }] of found.slice(0, -1).entries())
      expect(found[index + 1]?.fromSample).toBe(toSample);
  });
});

describe('spoken sentences', () => {
  let sentence: Buffer;
  beforeAll(async () => {
    sentence = await speakSentence('Where is the train station, please?', 'slt');
  });

  it.each([
    ['in silence', -100, 40],
    ['20 dB above the noise', -43, 60],
    ['10 dB above the noise', -33, 250],
  ])('begin and end where they do, %s', (_, noiseDb, toleranceMs) => {
    const clean = Buffer.concat([silence(3_000), sentence, silence(4_000), sentence, silence(2_000)]);
    const durationMs = sentence.length / BYTES_PER_MS;
    const found = segments(mix(clean, hiss(clean.length / BYTES_PER_MS, noiseDb)));
    expect(times(found)).toEqual([
      [within(3_000, toleranceMs), within(3_000 + durationMs, 250)],
      [within(7_000 + durationMs, toleranceMs), within(7_000 + 2 * durationMs, 250)],
    ]);
  });

  it('come while the recording goes on, and `settledMs` says up to where none is missing', () => {
    const segmenter = new SpeechSegmenter();
    const [one] = segmenter.push(Buffer.concat([sentence, silence(4_600)]));
    expect(one?.startMs).toBeLessThan(50);
    expect(segmenter.settledMs).toBeGreaterThan(2_000);
    expect(segmenter.push(Buffer.concat([sentence, silence(1_000)]))).toEqual([]);
    expect(segmenter.settledMs).toBeLessThanOrEqual(sentence.length / BYTES_PER_MS + 4_650);
    expect(segmenter.end()).toHaveLength(1);
  });

  it('come from a stream as from the whole', async () => {
    const pcm = Buffer.concat([silence(700), sentence, silence(2_500), sentence, silence(600)]);
    async function* chunks(): AsyncGenerator<Buffer> {
      for (let at = 0; at < pcm.length; at += 33_333)
        yield await Promise.resolve(pcm.subarray(at, at + 33_333));
    }
    const found: SpeechSegment[] = [];
    for await (const segment of segmentSpeech(chunks())) found.push(segment);
    expect(found).toEqual(segments(pcm));
    expect(found).toHaveLength(2);
  });
});

describe('a sound too short for a segment', () => {
  const found = (...parts: Buffer[]): [number, number][] => {
    const segmenter = new SpeechSegmenter({ keepsBrief: true });
    return times([...segmenter.push(Buffer.concat(parts)), ...segmenter.end()]);
  };

  it('is one where it is all that is heard and that is wanted: the longest', () => {
    const parts = [silence(400), babble(100), silence(800), babble(200), silence(400)];
    expect(segments(...parts)).toEqual([]);
    expect(found(...parts)).toEqual([[within(1_300), within(1_500, 80)]]);
  });

  it('is none beside a longer one, and silence never is', () => {
    const parts = [silence(400), babble(1_500), silence(3_000), babble(150), silence(400)];
    expect(found(...parts)).toEqual(times(segments(...parts)));
    expect(found(silence(3_000))).toEqual([]);
    expect(found(hum(5_000, -20))).toEqual([]);
  });
});
