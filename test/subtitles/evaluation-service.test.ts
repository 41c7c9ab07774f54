/** The short form of `npm run evaluate:subtitles`, end to end: three minutes through the service, as a job. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { runOffline, runScripted, type EngineInput } from '../../evaluation/engines.js';
import { measureKills } from '../../evaluation/kills.js';
import { createRecording, type NoiseLevel } from '../../evaluation/recording.js';
import { RecordingFile } from '../../evaluation/recording-file.js';
import { checkAccuracy, checkKills } from '../../evaluation/report.js';
import { startFromSource } from '../../evaluation/service.js';

const PARALLEL = 4;
const WITHIN_MS = 120_000;

let folder: string;
let noisy: EngineInput;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evaluation-'));
  noisy = await threeMinutes(18, ['clean', '20 dB', '10 dB']);
}, WITHIN_MS);
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function threeMinutes(sentences: number, noise: readonly NoiseLevel[]): Promise<EngineInput> {
  const recording = await createRecording({ sentences, durationMs: 180_000, noise });
  const file = await RecordingFile.write(recording, join(folder, `${sentences}.wav`));
  return { recording, file, before: [] };
}

const isMissed = ({ isMet }: { isMet?: boolean }): boolean => isMet !== true;

it(
  'a server that knows the words gives subtitles that keep to all bars',
  async () => {
    const { scores, warnings } = await runScripted(startFromSource, noisy, PARALLEL);
    expect(warnings).toEqual([]);
    expect(checkAccuracy('scripted', scores).filter(isMissed)).toEqual([]);
    expect(scores.get('all')).toMatchObject({ sentences: 18, wordsMissing: 0, wordsExtra: 0 });
    for (const level of ['clean', '20 dB'] as const)
      expect(scores.get(level)?.start.count).toBeGreaterThanOrEqual(4);
  },
  WITHIN_MS,
);

it(
  'a service that is killed three times asks for nothing twice that was finished, and gives the same subtitles',
  async () => {
    expect([checkKills(await measureKills(startFromSource, noisy, PARALLEL))].filter(isMissed)).toEqual([]);
  },
  WITHIN_MS,
);

it(
  'the offline engine gives subtitles that keep to all bars',
  async () => {
    const input = await threeMinutes(10, ['clean']);
    const { scores, translated } = await runOffline(startFromSource, input);
    expect(checkAccuracy('offline', scores, translated).filter(isMissed)).toEqual([]);
    expect(scores.get('clean')?.start.count).toBeGreaterThanOrEqual(4);
    expect(translated?.get('all')?.cues).toBeGreaterThanOrEqual(4);
  },
  WITHIN_MS,
);
