/** Text to speech: Flite for English, which recognisers understand, eSpeak NG for every other language. */
import { splitIntoSegments } from './apertium-text.js';
import { resample } from '../../audio/resample.js';
import type { ProgramRunner } from './process.js';

const OUR_HZ = 24_000;
const TIMEOUT_MS = 30_000;
/** Spoken in one go; a sentence of this length takes well under a second to make. */
const MAX_SPOKEN_LENGTH = 300;

/** `$1` is a voice, `$2` the words: Flite can write to a pipe only what it was given as an argument. */
const FLITE = 'flite -voice "$1" -t "$2" -o /dev/stdout </dev/null | cat';
const ESPEAK = 'espeak-ng -v "$1" --stdin --stdout';

/** Flite's two voices of 16 kHz. */
const ENGLISH = { female: 'slt', male: 'rms' } as const;
/** eSpeak's own voices are male; a variant changes that. */
const VARIANT = { female: '+f2', male: '' } as const;

type VoiceKind = keyof typeof ENGLISH;

/** The names that clients of the real servers use, as the kind of voice that each is nearest to; and Flite's own. */
const VOICE_KINDS: ReadonlyMap<string, VoiceKind> = new Map<string, VoiceKind>([
  ...['marin', 'alloy', 'coral', 'sage', 'shimmer', 'slt'].map((name) => [name, 'female'] as const),
  ...['cedar', 'ash', 'ballad', 'echo', 'verse', 'rms'].map((name) => [name, 'male'] as const),
]);

export const VOICES: readonly string[] = [...VOICE_KINDS.keys()];

export interface SpokenLanguages {
  /** Flite is installed. */
  readonly flite: boolean;
  /** eSpeak's names of the languages that it speaks, in small letters; empty where it is not installed. */
  readonly espeak: ReadonlySet<string>;
}

export class Synthesizer {
  readonly #programs: ProgramRunner;
  readonly #installed: SpokenLanguages;

  constructor(programs: ProgramRunner, installed: SpokenLanguages) {
    this.#programs = programs;
    this.#installed = installed;
  }

  speaks(language: string): boolean {
    return this.#isFlite(language) || this.#espeakName(language) !== undefined;
  }

  /**
   * Speech sentence by sentence, PCM16 mono 24 kHz.
   * @param name one of VOICES; any other stands for the first
   */
  async *speak(
    text: string,
    language: string,
    name: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer, void, void> {
    const kind = VOICE_KINDS.get(name ?? '') ?? 'female';
    for (const words of splitForSpeech(text)) {
      const wav = await this.#programs.run(this.#program(words, language, kind), signal);
      const { pcm, sampleRate } = readSynthesizedWav(wav);
      if (pcm.length > 0) yield resample(pcm, sampleRate, OUR_HZ);
    }
  }

  #program(words: string, language: string, kind: VoiceKind): Parameters<ProgramRunner['run']>[0] {
    if (this.#isFlite(language)) {
      return { script: FLITE, args: [ENGLISH[kind], words], timeoutMs: TIMEOUT_MS };
    }
    const voice = `${this.#espeakName(language) ?? language}${VARIANT[kind]}`;
    return { script: ESPEAK, args: [voice], input: Buffer.from(words), timeoutMs: TIMEOUT_MS };
  }

  #isFlite(language: string): boolean {
    return this.#installed.flite && baseOf(language) === 'en';
  }

  /** `pt-BR` → `pt-br`, `es-MX` → `es`. */
  #espeakName(language: string): string | undefined {
    const { espeak } = this.#installed;
    return [language.toLowerCase(), baseOf(language)].find((name) => espeak.has(name));
  }
}

function baseOf(language: string): string {
  return (language.split('-')[0] ?? language).toLowerCase();
}

/** Only what can be said: pieces with a letter or digit, without control characters or eSpeak's `[[phonemes]]`. */
function splitForSpeech(text: string): string[] {
  const spoken: string[] = [];
  for (const { sentence } of splitIntoSegments(text)) {
    const words = sentence.replace(/[\p{Cc}\s]+/gu, ' ').replaceAll('[[', '[ [');
    spoken.push(...(words.match(PIECE) ?? []).filter((piece) => /[\p{L}\p{N}]/u.test(piece)));
  }
  return spoken;
}

/** As much as fits up to a blank; where there is none, as much as fits. */
const PIECE = new RegExp(`\\S.{0,${MAX_SPOKEN_LENGTH - 1}}(?=\\s|$)|\\S{1,${MAX_SPOKEN_LENGTH}}`, 'gu');

/** What both programs write: the canonical header of 44 bytes (eSpeak's sizes are placeholders), then mono PCM16. */
function readSynthesizedWav(wav: Buffer): { pcm: Buffer; sampleRate: number } {
  const isWav = wav.length >= 44 && wav.toString('latin1', 36, 40) === 'data' && wav.readUInt16LE(34) === 16;
  if (!isWav) throw new Error('A speech program did not write the WAV that was expected.');
  return { pcm: wav.subarray(44), sampleRate: wav.readUInt32LE(24) };
}
