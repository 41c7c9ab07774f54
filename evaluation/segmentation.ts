/** Measures segmentation alone: the sentences found are known, so every error is one of segments and cues. */
import { SpeechSegmenter } from '../src/audio/speech/segmenter.js';
import type { SpeechSegment } from '../src/audio/speech/segment.js';
import { eachCues } from '../src/subtitles/cues.js';
import { scoreLevels, type LevelScores } from './levels.js';
import type { EvaluationRecording, SpokenSentence } from './recording.js';

const OPTIONS = { subtitles: 'target', target: 'en' } as const;

export interface SegmentationResult {
  readonly segments: readonly SpeechSegment[];
  /** Segments in which nobody speaks. */
  readonly silent: number;
  readonly scores: LevelScores;
  /** Time that the segmenter took. */
  readonly tookMs: number;
}

/** Gives each segment the sentences that are spoken in it, as a perfect engine would, and scores the cues. */
export function measureSegmentation(recording: EvaluationRecording): SegmentationResult {
  const { sentences, durationMs } = recording;
  const segmenter = new SpeechSegmenter();
  const segments: SpeechSegment[] = [];
  let tookMs = 0;
  for (const chunk of recording.pcm()) {
    const begun = performance.now();
    segments.push(...segmenter.push(chunk));
    tookMs += performance.now() - begun;
  }
  segments.push(...segmenter.end());
  const texts = textsOf(segments, sentences);
  const translated = segments.map((segment, index) => ({ ...segment, text: texts[index]?.join(' ') ?? '' }));
  const cues = [...eachCues(translated, OPTIONS, durationMs)];
  const scores = scoreLevels(sentences, cues, OPTIONS, 'target');
  const silent = texts.filter((words) => words.length === 0).length;
  return { segments, silent, scores, tookMs };
}

/** Each sentence in the segment with most of it; a sentence without a segment is lost. */
function textsOf(segments: readonly SpeechSegment[], sentences: readonly SpokenSentence[]): string[][] {
  const texts: string[][] = segments.map(() => []);
  for (const { text, startMs, endMs } of sentences) {
    const shared = segments.map(
      (segment) => Math.min(endMs, segment.endMs) - Math.max(startMs, segment.startMs),
    );
    const most = Math.max(...shared);
    if (most > 0) texts[shared.indexOf(most)]?.push(text);
  }
  return texts;
}
