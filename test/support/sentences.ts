/** Recordings of several spoken sentences with silences between them, and films with them as sound. */
import { readFile } from 'node:fs/promises';
import { BYTES_PER_SECOND } from '../../src/audio/pcm.js';
import { record } from './audio/recordings.js';
import { speakSamples } from './speech.js';

export interface SpokenSentences {
  /** PCM16 mono 24 kHz */
  readonly pcm: Buffer;
  /** Where each sentence is put; its first sound comes some milliseconds later. */
  readonly startsMs: readonly number[];
  readonly durationMs: number;
}

/** @param everySeconds how far the starts are apart, more than any sentence takes. */
export async function speakSentences(
  sentences: readonly string[],
  everySeconds: number,
): Promise<SpokenSentences> {
  const every = everySeconds * BYTES_PER_SECOND;
  const pcm = Buffer.alloc(every * sentences.length + BYTES_PER_SECOND);
  const spoken = new Map<string, Buffer>();
  for (const [index, sentence] of sentences.entries()) {
    const samples = spoken.get(sentence) ?? (await speakSamples(sentence));
    spoken.set(sentence, samples);
    samples.copy(pcm, BYTES_PER_SECOND / 2 + index * every);
  }
  return {
    pcm,
    startsMs: sentences.map((_, index) => 500 + index * everySeconds * 1000),
    durationMs: Math.round((pcm.length / BYTES_PER_SECOND) * 1000),
  };
}

/** A film of a test pattern with this sound. @param path ends in mp4, mkv, mov or webm. @param wav the sound's file. */
export async function makeFilm(path: string, wav: string, ...args: string[]): Promise<Buffer> {
  const picture = ['-f', 'lavfi', '-i', 'testsrc=size=64x48:rate=5'];
  await record(path, [...picture, '-i', wav], '-shortest', ...args);
  return readFile(path);
}

/** A multipart request for a translation; a field with several values is sent several times. */
export async function sendRecording(
  url: string,
  recording: Buffer,
  fields: Readonly<Record<string, string | readonly string[]>>,
  init: RequestInit = {},
): Promise<Response> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields))
    for (const each of [value].flat()) form.append(name, each);
  form.append('file', new Blob([Uint8Array.from(recording)]), 'recording');
  return fetch(`${url}/api/realtime/translate`, { method: 'POST', body: form, ...init });
}

/** The events of a stream in order, their data read as JSON. */
export function eventsOf(stream: string): { event: string; data: Record<string, unknown> }[] {
  return [...stream.matchAll(/^event: (.*)\ndata: (.*)$/gm)].map(([, event = '', data = '']) => ({
    event,
    data: JSON.parse(data) as Record<string, unknown>,
  }));
}
