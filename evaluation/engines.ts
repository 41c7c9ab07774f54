/** A recording through the real service: with the offline engine, and with a scripted upstream that knows the words. */
import { setMaxListeners } from 'node:events';
import { createSpeechEngine } from '../src/offline/engine/engine.js';
import { ANSWER_MS, KnownUpstream } from './known-upstream.js';
import { scoreLevels, type LevelScores, type NoisySentence } from './levels.js';
import type { EvaluationRecording } from './recording.js';
import type { RecordingFile } from './recording-file.js';
import { measureJob, subtitlesOf, withUpstream, type MeasuredJob, type StartService } from './service.js';

/** A recording that was made, its file, and recordings that are translated before it where memory is counted. */
export interface EngineInput {
  readonly recording: EvaluationRecording;
  readonly file: RecordingFile;
  readonly before: readonly RecordingFile[];
}

export interface EngineResult {
  readonly job: MeasuredJob;
  readonly segments: number;
  /** Of the cues in the language that is spoken. */
  readonly scores: LevelScores;
  /** Of the cues of the translation, where it is another language: their words are not compared. */
  readonly translated?: LevelScores;
  /** Sentences of which nothing is recognized alone. */
  readonly unrecognized: number;
  readonly warnings: readonly string[];
}

/** Room around a sentence that is recognized alone: as much as segments have. */
const PADDING_MS = 200;

/** The scripted upstream answers with the words that are spoken in a segment, after a second. */
export async function runScripted(
  start: StartService,
  input: EngineInput,
  parallel: number,
): Promise<EngineResult> {
  const { recording, file, before } = input;
  const upstream = await KnownUpstream.start(file, recording.sentences, ANSWER_MS);
  try {
    const service = await start(withUpstream(upstream, parallel));
    try {
      const job = await measureJob(service, file, { target: 'en' }, before);
      const { segments, otherWarnings } = await subtitlesOf(service, job, 'target');
      const scores = scoreLevels(
        recording.sentences,
        segments,
        { subtitles: 'target', target: 'en' },
        'target',
      );
      return { job, segments: segments.length, scores, unrecognized: 0, warnings: otherWarnings };
    } finally {
      await service.close();
    }
  } finally {
    await upstream.close();
  }
}

/** The offline engine recognizes and translates to Spanish; its words are compared with those of each sentence alone. */
export async function runOffline(start: StartService, input: EngineInput): Promise<EngineResult> {
  const { recording, file, before } = input;
  const service = await start({ REALTIME_PROVIDER: 'offline' });
  try {
    const fields = { source: 'en', target: 'es', transcript: 'true' };
    const job = await measureJob(service, file, fields, before);
    const tags = { source: 'en', target: 'es' } as const;
    const source = await subtitlesOf(service, job, 'source');
    const target = await subtitlesOf(service, job, 'target');
    const alone = await recognizeAlone(recording, file);
    return {
      ...{ job, segments: source.segments.length, warnings: source.otherWarnings },
      scores: scoreLevels(alone, source.segments, { subtitles: 'source', ...tags }, 'source'),
      translated: scoreLevels(alone, target.segments, { subtitles: 'target', ...tags }, 'target'),
      unrecognized: alone.filter(({ text }) => text === '').length,
    };
  } finally {
    await service.close();
  }
}

export async function recognizeAlone(
  { sentences }: EvaluationRecording,
  file: RecordingFile,
): Promise<NoisySentence[]> {
  const engine = await createSpeechEngine();
  try {
    const { signal } = new AbortController();
    setMaxListeners(0, signal);
    const recognized = sentences.map(async (sentence) => {
      const pcm = await file.read(
        Math.floor(sentence.startMs) - PADDING_MS,
        Math.ceil(sentence.endMs) + PADDING_MS,
      );
      const { text } = await engine.transcribe(pcm, 'en', signal);
      return { ...sentence, said: sentence.text, text };
    });
    return await Promise.all(recognized);
  } finally {
    await engine.close();
  }
}
