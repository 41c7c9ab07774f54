/** The answer about a recording in segments: as text, subtitles, and the parts of JSON. */
import type { RecordingResult } from '../../recordings/recording-request.js';
import {
  buildCues,
  type SegmentCues,
  type SubtitleOptions,
  type TranslatedSegment,
} from '../../subtitles/cues.js';
import {
  formatSrt,
  formatText,
  formatVtt,
  SRT_CONTENT_TYPE,
  toVerboseSegment,
  VTT_CONTENT_TYPE,
  type VerboseSegment,
} from '../../subtitles/formats.js';

/** The formats of a recording whose answer is no JSON. */
export type TextFormat = 'text' | 'srt' | 'vtt';

/** What the forms of an answer are made of. */
export type SegmentedText = Pick<
  RecordingResult,
  'text' | 'source' | 'target' | 'detectedSource' | 'segmented'
>;

export type Subtitles = SubtitleOptions['subtitles'];

export const TEXT_CONTENT_TYPE = 'text/plain; charset=utf-8';

export const CONTENT_TYPES: Readonly<Record<TextFormat, string>> = {
  text: TEXT_CONTENT_TYPE,
  srt: SRT_CONTENT_TYPE,
  vtt: VTT_CONTENT_TYPE,
};

/** @returns the whole body in the first target; one line for what was no recording. */
export function textBody(result: SegmentedText, format: TextFormat, subtitles: Subtitles): string {
  const segments = segmentsOf(result, 0);
  if (format === 'text') {
    if (result.segmented === undefined) return formatText([result]);
    return formatText(segments.flatMap((segment) => linesOf(segment, subtitles)));
  }
  const cues = cuesOf(result, 0, subtitles).flatMap((each) => each.cues);
  if (format === 'srt') return formatSrt(cues);
  return formatVtt(cues, (subtitles === 'source' ? sourceOf(result) : result.target) ?? undefined);
}

function linesOf({ text, source = '' }: TranslatedSegment, subtitles: Subtitles): { text: string }[] {
  if (subtitles === 'target') return [{ text }];
  return subtitles === 'source' ? [{ text: source }] : [{ text: source }, { text }];
}

/** The texts in each language, where there are several. */
export function translationsOf(result: SegmentedText, isVerbose: boolean, subtitles: Subtitles) {
  const translations = result.segmented?.translations;
  if (translations === undefined || translations.length < 2) return undefined;
  return translations.map(({ target, text }, order) => ({
    ...{ target, text },
    ...(isVerbose && { segments: verboseSegments(result, order, subtitles) }),
  }));
}

/** What `verbose_json` adds. */
export function verboseBody(result: SegmentedText, subtitles: Subtitles) {
  return {
    task: 'translate',
    language: result.target,
    duration: (result.segmented?.durationMs ?? 0) / 1000,
    segments: verboseSegments(result, 0, subtitles),
  };
}

function verboseSegments(result: SegmentedText, order: number, subtitles: Subtitles): VerboseSegment[] {
  const cues = cuesOf(result, order, subtitles);
  return (result.segmented?.segments ?? []).map((segment, at) =>
    toVerboseSegment({
      ...segment,
      text: segment.translations[order]?.text ?? '',
      warnings: [...segment.warnings, ...(cues[at]?.warnings ?? [])],
    }),
  );
}

function cuesOf(result: SegmentedText, order: number, subtitles: Subtitles): SegmentCues[] {
  const target = result.segmented?.translations[order]?.target ?? undefined;
  const options = { subtitles, target, source: sourceOf(result) ?? undefined };
  return buildCues(segmentsOf(result, order), options, result.segmented?.durationMs ?? 0);
}

function segmentsOf({ segmented }: SegmentedText, order: number): TranslatedSegment[] {
  return (segmented?.segments ?? []).map((segment) => ({
    ...segment,
    text: segment.translations[order]?.text ?? '',
  }));
}

function sourceOf({ source, detectedSource }: SegmentedText): string | null {
  return source ?? detectedSource?.language ?? null;
}
