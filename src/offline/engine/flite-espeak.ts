/** Text to speech: Flite for English, which speech recognisers understand, and eSpeak NG for all other languages. */
import { splitIntoSegments } from './apertium-text.js';
import { SAMPLE_RATE } from '../../audio/pcm.js';
import { resample } from '../../audio/resample.js';
import { parseStreamedWav } from '../../audio/wav/wav.js';
import { primaryTag } from './languages.js';
import type { ProgramRunner } from './process.js';

const TIMEOUT_MS = 30_000;
/** The longest text of one program run; it takes well under a second to synthesise. */
const MAX_SPOKEN_LENGTH = 300;

/** `$1` is a voice, `$2` the words: Flite can write to a pipe only text from an argument. */
const FLITE = 'flite -voice "$1" -t "$2" -o /dev/stdout </dev/null | cat';
const ESPEAK = 'espeak-ng -v "$1" --stdin --stdout';

/** Flite's two voices of 16 kHz. */
const ENGLISH = { female: 'slt', male: 'rms' } as const;
/** eSpeak's own voices are male; a variant changes that. */
const VARIANT = { female: '+f2', male: '' } as const;

type VoiceKind = keyof typeof ENGLISH;

/** The voice names of the real servers, each with its nearest kind of voice; and Flite's own. */
const VOICE_KINDS: ReadonlyMap<string, VoiceKind> = new Map<string, VoiceKind>([
  ...['marin', 'alloy', 'coral', 'sage', 'shimmer', 'slt'].map((name) => [name, 'female'] as const),
  ...['cedar', 'ash', 'ballad', 'echo', 'verse', 'rms'].map((name) => [name, 'male'] as const),
]);

export const VOICES: readonly string[] = [...VOICE_KINDS.keys()];

export interface SpokenLanguages {
  /** Whether Flite is installed. */
  readonly flite: boolean;
  /** eSpeak's lower-case names of its languages; empty if it is not installed. */
  readonly espeak: ReadonlySet<string>;
}

export class FliteEspeak {
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
   * Yields speech sentence by sentence, PCM16 mono 24 kHz.
   * @param name one of VOICES; any other means the first
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
      if (pcm.length > 0) yield resample(pcm, sampleRate, SAMPLE_RATE);
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
    return this.#installed.flite && primaryTag(language.toLowerCase()) === 'en';
  }

  /** `pt-BR` → `pt-br`, `es-MX` → `es`. */
  #espeakName(language: string): string | undefined {
    const { espeak } = this.#installed;
    const tag = language.toLowerCase();
    return [tag, primaryTag(tag)].find((name) => espeak.has(name));
  }
}

/** Pieces with at least one letter or digit, without control characters or eSpeak's `[[phonemes]]`. */
function splitForSpeech(text: string): string[] {
  const spoken: string[] = [];
  for (const { sentence } of splitIntoSegments(text)) {
    const words = sentence.replace(/[\p{Cc}\s]+/gu, ' ').replaceAll('[[', '[ [');
    spoken.push(...(words.match(PIECE) ?? []).filter((piece) => /[\p{L}\p{N}]/u.test(piece)));
  }
  return spoken;
}

/** As much as fits up to a blank, or without a blank as much as fits. */
const PIECE = new RegExp(`\\S.{0,${MAX_SPOKEN_LENGTH - 1}}(?=\\s|$)|\\S{1,${MAX_SPOKEN_LENGTH}}`, 'gu');

/** Both programs write mono PCM16; the sizes in eSpeak's header are placeholders. */
function readSynthesizedWav(wav: Buffer): { pcm: Buffer; sampleRate: number } {
  const parsed = parseStreamedWav(wav);
  if (parsed?.format.bitsPerSample !== 16 || parsed.format.channels !== 1)
    throw new Error('A speech program did not write a WAV of mono PCM16.');
  return { pcm: wav.subarray(parsed.samplesAt), sampleRate: parsed.format.sampleRate };
}
