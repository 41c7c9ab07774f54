/** Measures segmentation alone: the sentences found are known, so every error is one of segments and cues. */
import { SpeechSegmenter } from '../src/audio/speech/segmenter.js';
import type { SpeechSegment } from '../src/audio/speech/segment.js';
import { buildCues } from '../src/subtitles/cues.js';
import type { EvaluationRecording, NoiseLevel, SpokenSentence } from './recording.js';
import { scoreCues, type Score } from './score.js';

const OPTIONS = { subtitles: 'target', target: 'en' } as const;

export interface SegmentationResult {
  readonly segments: readonly SpeechSegment[];
  /** Segments in which nobody speaks. */
  readonly silent: number;
  readonly scores: ReadonlyMap<NoiseLevel | 'all', Score>;
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
  const cues = buildCues(translated, OPTIONS, durationMs);
  const levels = [...new Set(sentences.map(({ noise }) => noise))];
  const scores = new Map<NoiseLevel | 'all', Score>();
  for (const level of ['all' as const, ...levels]) {
    const isCounted = ({ noise }: SpokenSentence): boolean => level === 'all' || noise === level;
    scores.set(level, scoreCues(sentences, cues, OPTIONS, 'target', isCounted));
  }
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
