/** Recordings: WAVs in the upstream's format, WAVs to be resampled, compressed ones; fast and slow uploads. */
import { spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import { WrongAnswer } from './results.js';
import { digestOf, readSound, tone, wavOf } from './oracle.js';
import { TRANSLATE, type Translated } from './texts.js';
import { expectJson, type Answer, type Scenario } from './scenario.js';
import { pause } from './pause.js';

export interface Recording {
  readonly file: Buffer;
  readonly name: string;
  readonly hz: number;
  readonly ms: number;
  /** Of the samples, where the service must not change any. */
  readonly digest?: string;
}

/** Far enough apart that no pitch is taken for its neighbour; each kind of recording has its own. */
const PITCHES = Array.from({ length: 36 }, (_, step) => Math.round(180 * 1.07 ** step));
const PER_KIND = 12;
const MP3_FROM = 12;
const OGG_FROM = 24;

/** Lossy formats add or remove some audio at both ends. */
const SLACK_MS = 60;

/** Compressed recordings are made once, by ffmpeg: encoding is not part of the load. */
export class Recordings {
  readonly #compressed: ReadonlyMap<'mp3' | 'ogg', readonly Recording[]>;

  private constructor(compressed: ReadonlyMap<'mp3' | 'ogg', readonly Recording[]>) {
    this.#compressed = compressed;
  }

  static async create(): Promise<Recordings> {
    const mp3: Recording[] = [];
    const ogg: Recording[] = [];
    for (let each = 0; each < PER_KIND; each += 1) {
      mp3.push(await encodeTone('mp3', PITCHES[MP3_FROM + each] ?? 440, 600 + 40 * each));
      ogg.push(await encodeTone('ogg', PITCHES[OGG_FROM + each] ?? 440, 600 + 40 * each));
    }
    return new Recordings(new Map([['mp3', mp3] as const, ['ogg', ogg] as const]));
  }

  pick(scenario: Scenario, kind: 'ready' | 'stereo' | 'mp3' | 'ogg'): Recording {
    const at = scenario.number % PER_KIND;
    const ms = scenario.random.between(300, 2_500);
    const hz = PITCHES[at] ?? 440;
    if (kind === 'ready') {
      // Up to half a hertz more, so that no two scenarios send the same samples.
      const pcm = tone(hz + scenario.random.next() / 2, ms);
      return { file: wavOf(pcm), name: 'ready.wav', hz, ms, digest: digestOf(pcm) };
    }
    if (kind === 'stereo') {
      return { file: wavOf(tone(hz, ms, 44_100, 2), 44_100, 2), name: 'stereo.wav', hz, ms };
    }
    const recording = this.#compressed.get(kind)?.[at];
    if (recording === undefined) throw new Error(`there is no ${kind} recording`);
    return recording;
  }
}

async function encodeTone(format: 'mp3' | 'ogg', hz: number, ms: number): Promise<Recording> {
  const input = ['-f', 's16le', '-ar', '24000', '-ac', '1', '-i', 'pipe:0'];
  const ffmpeg = spawn('ffmpeg', ['-loglevel', 'error', ...input, '-f', format, 'pipe:1'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  ffmpeg.stdin.end(tone(hz, ms));
  const file = await buffer(ffmpeg.stdout);
  if (file.length === 0) throw new Error(`ffmpeg made no ${format}. Is the Debian package ffmpeg installed?`);
  return { file, name: `tone.${format}`, hz, ms };
}

export async function upload(scenario: Scenario, { file, name, ...expected }: Recording): Promise<string> {
  const body = new FormData();
  body.append('file', new Blob([new Uint8Array(file)]), name);
  check(expected, await scenario.request(TRANSLATE, { method: 'POST', body }));
  return 'ok';
}

/** Uploads in pieces, over one to two seconds. */
export async function slowUpload(
  scenario: Scenario,
  { file, name, ...expected }: Recording,
): Promise<string> {
  const { type, body } = inPieces(file, name, 100);
  const answer = await scenario.request(TRANSLATE, {
    method: 'POST',
    headers: { 'content-type': type },
    body: ReadableStream.from(body),
    duplex: 'half',
  });
  check(expected, answer);
  return 'ok';
}

/** A multipart form with one file, sent in about fifteen pieces. @param pauseMs between two pieces */
export function inPieces(
  file: Buffer,
  name: string,
  pauseMs: number,
): { type: string; body: AsyncGenerator<Uint8Array> } {
  const boundary = 'soak-soak-soak';
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`;
  const whole = Buffer.concat([Buffer.from(head), file, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  const size = Math.ceil(whole.length / 15);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < whole.length; at += size) {
      yield new Uint8Array(whole.subarray(at, at + size));
      await pause(pauseMs);
    }
  }
  return { type: `multipart/form-data; boundary=${boundary}`, body: pieces() };
}

function check({ hz, ms, digest }: { hz: number; ms: number; digest?: string }, answer: Answer): void {
  const { text } = expectJson(answer) as Translated;
  checkSound(text, { hz, ms }, digest);
}

/** @throws WrongAnswer if `text` is not the answer to such a tone */
export function checkSound(text: string, { hz, ms }: { hz: number; ms: number }, digest?: string): void {
  const measured = readSound(text);
  const isRight =
    measured !== undefined &&
    Math.abs(measured.hz - hz) <= 2 + hz * 0.02 &&
    Math.abs(measured.ms - ms) <= SLACK_MS &&
    (digest === undefined || measured.digest === digest);
  if (!isRight) throw new WrongAnswer(`sent ${hz} Hz for ${ms} ms${digest ?? ''}; the answer was ${text}`);
}
