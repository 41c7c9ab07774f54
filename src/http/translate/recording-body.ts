/** The answer about a recording in segments: as text, subtitles, and the parts of JSON. */
import { setImmediate } from 'node:timers/promises';
import type { RecordingResult } from '../../recordings/recording-request.js';
import {
  eachCues,
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

/** How long cues are built before other work has its turn: a segment takes up to 2 ms. */
const TURN_MS = 10;

export const TEXT_CONTENT_TYPE = 'text/plain; charset=utf-8';

export const CONTENT_TYPES: Readonly<Record<TextFormat, string>> = {
  text: TEXT_CONTENT_TYPE,
  srt: SRT_CONTENT_TYPE,
  vtt: VTT_CONTENT_TYPE,
};

/** @returns the whole body in the first target; one line for what was no recording. */
export async function textBody(
  result: SegmentedText,
  format: TextFormat,
  subtitles: Subtitles,
): Promise<string> {
  const segments = segmentsOf(result, 0);
  if (format === 'text') {
    if (result.segmented === undefined) return formatText([result]);
    return formatText(segments.flatMap((segment) => linesOf(segment, subtitles)));
  }
  const cues = (await cuesOf(result, 0, subtitles)).flatMap((each) => each.cues);
  if (format === 'srt') return formatSrt(cues);
  return formatVtt(cues, (subtitles === 'source' ? sourceOf(result) : result.target) ?? undefined);
}

function linesOf({ text, source = '' }: TranslatedSegment, subtitles: Subtitles): { text: string }[] {
  if (subtitles === 'target') return [{ text }];
  return subtitles === 'source' ? [{ text: source }] : [{ text: source }, { text }];
}

/** The texts in each language, where there are several. */
export function translationsOf({ segmented }: SegmentedText) {
  const translations = segmented?.translations;
  return translations === undefined || translations.length < 2 ? undefined : translations;
}

/** What `verbose_json` adds, or has in the place of what JSON has. */
export async function verboseBody(result: SegmentedText, subtitles: Subtitles) {
  const segments = await verboseSegments(result, 0, subtitles);
  const translations = [];
  for (const [order, { target, text }] of (translationsOf(result) ?? []).entries()) {
    const own = order === 0 ? segments : await verboseSegments(result, order, subtitles);
    translations.push({ target, text, segments: own });
  }
  return {
    task: 'translate',
    language: result.target,
    duration: (result.segmented?.durationMs ?? 0) / 1000,
    segments,
    ...(translations.length > 0 && { translations }),
  };
}

async function verboseSegments(
  result: SegmentedText,
  order: number,
  subtitles: Subtitles,
): Promise<VerboseSegment[]> {
  const cues = await cuesOf(result, order, subtitles);
  return (result.segmented?.segments ?? []).map((segment, at) =>
    toVerboseSegment({
      ...segment,
      text: segment.translations[order]?.text ?? '',
      warnings: [...segment.warnings, ...(cues[at]?.warnings ?? [])],
    }),
  );
}

/** Other requests come in between. */
async function cuesOf(result: SegmentedText, order: number, subtitles: Subtitles): Promise<SegmentCues[]> {
  const target = result.segmented?.translations[order]?.target ?? undefined;
  const options = { subtitles, target, source: sourceOf(result) ?? undefined };
  const found: SegmentCues[] = [];
  let turnEndsAt = performance.now() + TURN_MS;
  for (const cues of eachCues(segmentsOf(result, order), options, result.segmented?.durationMs ?? 0)) {
    found.push(cues);
    if (performance.now() < turnEndsAt) continue;
    await setImmediate();
    turnEndsAt = performance.now() + TURN_MS;
  }
  return found;
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
