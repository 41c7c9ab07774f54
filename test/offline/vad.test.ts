/** Voice activity detection: speech is found in a quiet room, in a noisy one, and not where there is none. */
import { describe, expect, it } from '@jest/globals';
import { BYTES_PER_MS } from '../../src/audio/pcm.js';
import { VAD_FRAME_MS, VoiceActivityDetector } from '../../src/audio/vad.js';
import { babble, hum, silence } from '../support/offline-audio.js';

function changes(pcm: Buffer, options = { threshold: 0.5, silenceMs: 500 }) {
  const detector = new VoiceActivityDetector(options);
  const found: { change: 'started' | 'stopped'; atMs: number }[] = [];
  const frameBytes = VAD_FRAME_MS * BYTES_PER_MS;
  for (let at = 0; at + frameBytes <= pcm.length; at += frameBytes) {
    const change = detector.push(pcm.subarray(at, at + frameBytes));
    if (change) found.push({ change, atMs: at / BYTES_PER_MS });
  }
  return found;
}

describe('voice activity detection', () => {
  it('finds one stretch of speech between silences, and where it begins and ends', () => {
    const found = changes(Buffer.concat([silence(1_000), babble(1_500), silence(1_000)]));
    expect(found.map(({ change }) => change)).toEqual(['started', 'stopped']);
    expect(found[0]?.atMs).toBeGreaterThanOrEqual(1_000);
    expect(found[0]?.atMs).toBeLessThan(1_150);
    expect(found[1]?.atMs).toBeGreaterThanOrEqual(2_900);
    expect(found[1]?.atMs).toBeLessThan(3_050);
  });

  it('takes a pause shorter than the silence asked for as part of the sentence', () => {
    const found = changes(
      Buffer.concat([silence(200), babble(600), silence(400), babble(600), silence(800)]),
    );
    expect(found.map(({ change }) => change)).toEqual(['started', 'stopped']);
  });

  it('tells two sentences apart where the pause is longer', () => {
    const found = changes(Buffer.concat([babble(600), silence(700), babble(600), silence(700)]));
    expect(found.map(({ change }) => change)).toEqual(['started', 'stopped', 'started', 'stopped']);
  });

  it('hears nothing in silence, in faint noise and in a click', () => {
    expect(changes(silence(3_000))).toEqual([]);
    expect(changes(hum(3_000, -58))).toEqual([]);
    expect(changes(Buffer.concat([silence(500), babble(20), silence(500)]))).toEqual([]);
  });

  it('finds the end of speech over a steady hum once it knows the room', () => {
    const pcm = Buffer.concat([hum(10_000, -38), mix(babble(1_000), hum(1_000, -38)), hum(2_000, -38)]);
    const last = changes(pcm).slice(-2);
    expect(last.map(({ change }) => change)).toEqual(['started', 'stopped']);
    expect(last[0]?.atMs).toBeGreaterThanOrEqual(10_000);
    expect(last[1]?.atMs).toBeLessThan(11_700);
  });

  it('hears fainter speech the lower its threshold is', () => {
    const faint = Buffer.concat([silence(300), hum(600, -45), silence(800)]);
    expect(changes(faint, { threshold: 0.9, silenceMs: 500 })).toEqual([]);
    expect(changes(faint, { threshold: 0.1, silenceMs: 500 })).toHaveLength(2);
  });

  it('forgets the speech under way when it is reset', () => {
    const detector = new VoiceActivityDetector({ threshold: 0.5, silenceMs: 500 });
    const loud = babble(VAD_FRAME_MS);
    for (let frame = 0; frame < 5; frame += 1) detector.push(loud);
    expect(detector.speaking).toBe(true);
    detector.reset();
    expect(detector.speaking).toBe(false);
  });
});

function mix(one: Buffer, other: Buffer): Buffer {
  const mixed = Buffer.alloc(one.length);
  for (let at = 0; at < one.length; at += 2) {
    mixed.writeInt16LE(Math.max(-32_768, Math.min(32_767, one.readInt16LE(at) + other.readInt16LE(at))), at);
  }
  return mixed;
}
