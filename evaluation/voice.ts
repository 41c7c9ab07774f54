/** Speech whose first and last sample are known: a sentence of Flite or eSpeak NG without the silence around it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { SAMPLE_RATE } from '../src/audio/pcm.js';
import { resample } from '../src/audio/resample.js';
import { parseStreamedWav } from '../src/audio/wav/wav.js';

/** `slt` and `rms` are Flite's woman and man, `espeak` is eSpeak NG's English. */
export type Voice = 'slt' | 'rms' | 'espeak';

/** The level of every sentence: its mean power, in dB below full scale. */
export const SPEECH_DB = -23;
/** Before the first sample of 1 % of the loudest one there is silence, and after the last. */
const AUDIBLE_SHARE = 0.01;
const MAX_WAV_BYTES = 64 * 1024 * 1024;

/** Flite can write to a pipe only what it takes from an argument. */
const FLITE = 'flite -voice "$1" -t "$2" -o /dev/stdout </dev/null | cat';
const ESPEAK = 'espeak-ng -v en --stdout -- "$2"';

/** @returns PCM, 16-bit little-endian, mono, 24 kHz, from its first audible sample to its last. */
export async function speakSentence(text: string, voice: Voice): Promise<Buffer> {
  const { stdout } = await promisify(execFile)(
    'sh',
    ['-c', voice === 'espeak' ? ESPEAK : FLITE, 'sh', voice, text],
    { encoding: 'buffer', maxBuffer: MAX_WAV_BYTES },
  );
  const wav = parseStreamedWav(stdout);
  if (wav === undefined)
    throw new Error(`No speech came from the voice ${voice}: install flite and espeak-ng.`);
  return atSpeechLevel(trim(resample(stdout.subarray(wav.samplesAt), wav.format.sampleRate, SAMPLE_RATE)));
}

function trim(pcm: Buffer): Buffer {
  let peak = 0;
  for (let at = 0; at < pcm.length; at += 2) peak = Math.max(peak, Math.abs(pcm.readInt16LE(at)));
  const isAudible = (at: number): boolean => Math.abs(pcm.readInt16LE(at)) >= AUDIBLE_SHARE * peak;
  let start = 0;
  while (start < pcm.length && !isAudible(start)) start += 2;
  let end = pcm.length;
  while (end > start && !isAudible(end - 2)) end -= 2;
  return pcm.subarray(start, end);
}

function atSpeechLevel(pcm: Buffer): Buffer {
  let energy = 0;
  for (let at = 0; at < pcm.length; at += 2) energy += (pcm.readInt16LE(at) / 32_768) ** 2;
  const gain = Math.sqrt(10 ** (SPEECH_DB / 10) / (energy / (pcm.length / 2)));
  const scaled = Buffer.alloc(pcm.length);
  for (let at = 0; at < pcm.length; at += 2) scaled.writeInt16LE(toInt16(pcm.readInt16LE(at) * gain), at);
  return scaled;
}

/** Rounds, and limits to the range of a sample. */
export function toInt16(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value)));
}
