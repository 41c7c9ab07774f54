/** Thousands of requests and recordings gone wrong: each is answered as the contract says, and leaves nothing. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { record, toneInput, workshop } from '../support/audio/recordings.js';
import { exchange, outcome, outcomes } from '../support/hostile/answers.js';
import { encodedText } from '../support/hostile/encoded-texts.js';
import { mutantRequest, mutateBytes, pick, runCases, SEED } from '../support/hostile/mutants.js';
import { startTarget, type Target } from '../support/hostile/target.js';

const REQUESTS = 3_000;
const TEXTS = 500;
const UPLOADS = 150;

const files = workshop();
let target: Target;
beforeAll(async () => {
  target = await startTarget({ FFMPEG_TIMEOUT_MS: '10000', SESSION_MAX: '1000' });
});
afterAll(() => target.close());

describe(`with FUZZ_SEED=${SEED}`, () => {
  it(`${REQUESTS} requests gone wrong end in what is documented`, async () => {
    const failures = await runCases(REQUESTS, 16, async (number, random) => {
      const text = `request ${number} of all`;
      const ended = await exchange(target.port, mutantRequest(text, random), null);
      outcomes(ended);
      if (ended.rest !== '') throw new Error(`Behind its answers came ${ended.rest.slice(0, 200)}`);
      const others = ended.answers.flatMap(({ body }) => body.match(/request \d+ of all/g) ?? []);
      if (others.some((told) => told !== text)) throw new Error(`The words of another: ${others.join()}`);
    });
    expect(failures).toEqual([]);
    await target.settle();
  }, 120_000);

  it(`${TEXTS} texts in many charsets and encodings arrive as they were meant, or are refused`, async () => {
    const failures = await runCases(TEXTS, 8, async (number, random) => {
      const { headers, body, text, target: language } = encodedText(number, random);
      let heard = '';
      const init = { method: 'POST', headers, body: new Uint8Array(body) };
      const told = await outcome(`${target.url}/api/realtime/translate`, init, (all) => (heard = all));
      if (text === undefined) {
        if (!/^4(00|15) /.test(told)) throw new Error(`${told}: ${heard}`);
        return;
      }
      const answer = JSON.parse(heard) as { text?: string; target?: string };
      if (told !== '200' || answer.text !== text || answer.target !== language)
        throw new Error(`${told} for ${text} to ${language}: ${heard}`);
    });
    expect(failures).toEqual([]);
    await target.settle();
  }, 120_000);

  it(`${UPLOADS} recordings gone wrong end in what is documented`, async () => {
    const made: Buffer[] = [];
    for (const extension of [
      'wav',
      'mp3',
      'm4a',
      'ogg',
      'opus',
      'webm',
      'mka',
      'flac',
      'aiff',
      'caf',
      'w64',
      'au',
      'aac',
      'mov',
    ]) {
      const path = files.path(`good.${extension}`);
      made.push(await readFile(await record(path, toneInput({ seconds: 0.3, rate: 48_000 }))));
    }
    const [first = Buffer.alloc(0), ...rest] = made;
    const recordings = [first, ...rest] as const;
    const failures = await runCases(UPLOADS, 6, async (_number, random) => {
      const bytes = mutateBytes(pick(recordings, random), recordings, random);
      const body = new FormData();
      body.append('file', new Blob([new Uint8Array(bytes)]), 'a.wav');
      const told = await outcome(`${target.url}/api/realtime/translate`, { method: 'POST', body });
      if (!/^(200|413 audio-too-long|415 unsupported-media-type|422 (undecodable|empty)-audio)$/.test(told))
        throw new Error(told);
    });
    expect(failures).toEqual([]);
    await target.settle();
  }, 120_000);
});
