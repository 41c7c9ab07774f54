/** Parsers of subtitles by others, each as a function from a file to its cues. */
import { createRequire } from 'node:module';
import * as plussub from '@plussub/srt-vtt-parser';
import * as mediaCaptions from 'media-captions';
import { z } from 'zod';

export interface ParsedCue {
  startMs: number;
  endMs: number;
  lines: string[];
}

// The declarations of these packages cannot be read as Node resolves modules, so their results are checked instead.
const CUES_IN_SECONDS = z.array(z.object({ startTime: z.number(), endTime: z.number(), text: z.string() }));
const MEDIA_CAPTIONS = z.object({
  parseText: z.custom<(text: string, options: object) => Promise<unknown>>(
    (value) => typeof value === 'function',
  ),
});
const PLUSSUB_RESULT = z.object({
  entries: z.array(z.object({ from: z.number(), to: z.number(), text: z.string() })),
});

/** vidstack's parser, in its strict mode: the first error rejects. */
export async function parseWithMediaCaptions(file: string, type: 'srt' | 'vtt'): Promise<ParsedCue[]> {
  const { parseText } = MEDIA_CAPTIONS.parse(mediaCaptions);
  const result = await parseText(file, { type, strict: true, errors: true });
  const { cues } = z.object({ cues: CUES_IN_SECONDS }).parse(result);
  return cues.map((cue) => inMilliseconds(cue, type === 'vtt'));
}

/** Plussub's parser, which recognizes the format itself. */
export function parseWithPlussub(file: string, type: 'srt' | 'vtt'): ParsedCue[] {
  return PLUSSUB_RESULT.parse(plussub.parse(file)).entries.map(({ from, to, text }) => ({
    ...{ startMs: from, endMs: to },
    lines: (type === 'vtt' ? unescape(text) : text).split('\n'),
  }));
}

const W3C_RESULT = z.object({
  errors: z.array(z.object({ message: z.string(), line: z.number() })),
  cues: CUES_IN_SECONDS,
});

/** The validator of the W3C. @throws Error on whatever the specification calls an error. */
export function parseWithW3c(file: string): ParsedCue[] {
  const { WebVTTParser } = z
    .object({ WebVTTParser: z.custom<new () => { parse(text: string, kind: string): unknown }>() })
    .parse(createRequire(import.meta.url)('webvtt-parser'));
  const { errors, cues } = W3C_RESULT.parse(
    new WebVTTParser().parse(file, 'subtitles/captions/descriptions'),
  );
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return cues.map((cue) => inMilliseconds(cue, true));
}

function inMilliseconds(cue: z.infer<typeof CUES_IN_SECONDS>[number], escaped: boolean): ParsedCue {
  const { startTime, endTime, text } = cue;
  const lines = (escaped ? unescape(text) : text).split('\n');
  return { startMs: Math.round(startTime * 1000), endMs: Math.round(endTime * 1000), lines };
}

/** The text of a cue is HTML in part. */
function unescape(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
