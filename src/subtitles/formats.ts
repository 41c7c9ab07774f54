/** Segments and cues as files: SRT, WebVTT, plain text, and the segments of `verbose_json`. */
import type { SpeechSegment } from '../audio/speech/segment.js';
import type { Cue } from './cue.js';
import type { SegmentWarning } from './faults.js';

export const SRT_CONTENT_TYPE = 'application/x-subrip; charset=utf-8';
export const VTT_CONTENT_TYPE = 'text/vtt; charset=utf-8';

/** SubRip: numbered from 1, lines end in LF, without a byte order mark. The source stands above the target. */
export function formatSrt(cues: readonly Cue[]): string {
  const blocks = cues.map((cue, index) => {
    const times = `${timestamp(cue.startMs, ',')} --> ${timestamp(cue.endMs, ',')}`;
    return `${index + 1}\n${times}\n${linesOf(cue).join('\n')}\n`;
  });
  return blocks.join('\n');
}

/** WebVTT. @param language a BCP 47 tag that a `NOTE` states; absent: no note. */
export function formatVtt(cues: readonly Cue[], language?: string): string {
  const note = language === undefined ? [] : [`NOTE lang: ${language}\n`];
  const blocks = cues.map((cue) => {
    const times = `${timestamp(cue.startMs, '.')} --> ${timestamp(cue.endMs, '.')}`;
    return `${times}\n${linesOf(cue).map(escapeVtt).join('\n')}\n`;
  });
  return ['WEBVTT\n', ...note, ...blocks].join('\n');
}

/** The texts of the segments, one a line; segments without text leave none. */
export function formatText(segments: readonly { readonly text: string }[]): string {
  const texts = segments.map(({ text }) => text.trim()).filter((text) => text !== '');
  return texts.length === 0 ? '' : `${texts.join('\n')}\n`;
}

/** One of the `segments` of `verbose_json`. Times are in seconds, with at most three decimals. */
export interface VerboseSegment {
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly source?: string;
  readonly warnings?: readonly SegmentWarning[];
}

export function toVerboseSegment(
  segment: Pick<SpeechSegment, 'index' | 'startMs' | 'endMs'> & {
    readonly text: string;
    readonly source?: string | undefined;
    readonly warnings?: readonly SegmentWarning[] | undefined;
  },
): VerboseSegment {
  const { index, startMs, endMs, text, source, warnings } = segment;
  return {
    index,
    start: startMs / 1000,
    end: endMs / 1000,
    text,
    ...(source === undefined ? {} : { source }),
    ...(warnings === undefined || warnings.length === 0 ? {} : { warnings }),
  };
}

function linesOf({ source, target }: Cue): string[] {
  return [...source, ...target];
}

function escapeVtt(line: string): string {
  return line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** `HH:MM:SS` and three digits after the separator. */
function timestamp(ms: number, separator: ',' | '.'): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const milliseconds = String(ms % 1000).padStart(3, '0');
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}${separator}${milliseconds}`;
}
