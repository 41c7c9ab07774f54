/** A whole translation as JSON, as a recording, and as JSON for the original project's client. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import accepts from 'accepts';
import { BYTES_PER_SAMPLE, pcmDurationMs, SAMPLE_RATE } from '../../audio/pcm.js';
import { encodeWav } from '../../audio/wav/wav.js';
import type { RecordingResult } from '../../recordings/recording-request.js';
import type { TranslationResult } from '../../translate/request.js';
import { sendJson } from '../response.js';
import type { FrontRequest, ResponseForm } from './front.js';
import { CONTENT_TYPES, textBody, translationsOf, verboseBody, type TextFormat } from './recording-body.js';

/**
 * Many clients and proxies accept 16 kB of headers in all, so this one is cut here, on a character's boundary, and
 * `X-Translation-Text-Truncated: true` is set. The JSON form always has the whole text.
 */
const MAX_TEXT_HEADER = 8_192;
/** The same for `X-Translation-Transcript`, which comes beside it. */
const MAX_TRANSCRIPT_HEADER = 4_096;

const FORM_OF: Readonly<Record<string, ResponseForm>> = {
  'application/json': 'json',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/wave': 'wav',
  'text/event-stream': 'events',
  'text/plain': 'text',
};

const SUBTITLE_FORM_OF: Readonly<Record<string, ResponseForm>> = {
  'application/x-subrip': 'srt',
  'text/vtt': 'vtt',
};

/**
 * The form that the client prefers. JSON if Accept matches no form: an answer is better than a 406.
 *
 * @param hasSubtitles whether there are subtitles, which a text has not.
 * @returns undefined where Accept allows subtitles only, and there are none.
 */
export function negotiateForm(req: IncomingMessage, hasSubtitles: boolean): ResponseForm | undefined {
  const { accept } = req.headers;
  if (accept === undefined || accept === '*/*' || accept === 'application/json') return 'json';
  const [best] = [accepts(req).type(Object.keys(FORM_OF))].flat();
  if (!/subrip|vtt/i.test(accept)) return FORM_OF[String(best)] ?? 'json';
  if (!hasSubtitles) return FORM_OF[String(best)];
  const forms = { ...FORM_OF, ...SUBTITLE_FORM_OF };
  const [bestOfAll] = [accepts(req).type(Object.keys(forms))].flat();
  return forms[String(bestOfAll)] ?? 'json';
}

/** @param audio describes the spoken reply; undefined if none was requested. */
export async function resultBody(
  result: RecordingResult,
  requestId: string,
  { isVerbose, subtitles }: Pick<FrontRequest, 'isVerbose' | 'subtitles'>,
  audio?: object,
) {
  const { usage, timings } = result;
  const verbose = isVerbose ? await verboseBody(result, subtitles) : undefined;
  const body = {
    connectId: result.connectId,
    text: result.text,
    responses: result.responses,
    source: result.source,
    target: result.target,
    detectedSource: result.detectedSource,
    transcript: result.transcript,
    warnings: result.warnings,
    translations: verbose?.translations ?? translationsOf(result),
    audio,
    usage: {
      inputTokens: usage.inputTokens,
      outputTokens: usage.outputTokens,
      totalTokens: usage.totalTokens,
      inputAudioMs: usage.inputAudioMs,
    },
    model: result.model,
    requestId,
    timings: {
      uploadMs: wholeMs(timings.uploadMs),
      normalizeMs: wholeMs(timings.normalizeMs),
      queueMs: Math.round(timings.queueMs),
      upstreamMs: Math.round(timings.upstreamMs),
      firstDeltaMs: Math.round(timings.firstDeltaMs),
    },
  };
  return verbose === undefined ? body : { ...verbose, ...body };
}

/** Describes a spoken reply, without its samples. */
export function audioBody(pcm: Buffer) {
  return {
    mimeType: 'audio/wav',
    sampleRate: SAMPLE_RATE,
    channels: 1,
    bitsPerSample: 8 * BYTES_PER_SAMPLE,
    durationMs: Math.round(pcmDurationMs(pcm.length)),
  };
}

export async function sendTranslationJson(
  req: IncomingMessage,
  res: ServerResponse,
  result: RecordingResult,
  request: FrontRequest,
): Promise<void> {
  const withAudio = request.output === 'audio';
  const pcm = result.audio ?? Buffer.alloc(0);
  const audio = withAudio ? { ...audioBody(pcm), base64: encodeWav(pcm).toString('base64') } : undefined;
  res.setHeader('Server-Timing', serverTiming(result.timings));
  sendJson(res, await resultBody(result, req.context.id, request, audio));
}

export function sendWav(res: ServerResponse, result: TranslationResult): void {
  const wav = encodeWav(result.audio ?? Buffer.alloc(0));
  const { transcript } = result;
  setResultHeaders(res, result);
  setTextHeader(res, 'X-Translation-Text', result.text, MAX_TEXT_HEADER);
  if (transcript !== undefined)
    setTextHeader(res, 'X-Translation-Transcript', transcript, MAX_TRANSCRIPT_HEADER);
  res.setHeader('Content-Type', 'audio/wav');
  res.setHeader('Content-Length', wav.length);
  res.end(wav);
}

export async function sendText(
  res: ServerResponse,
  result: RecordingResult,
  form: TextFormat,
  { subtitles }: FrontRequest,
): Promise<void> {
  const body = Buffer.from(await textBody(result, form, subtitles));
  setResultHeaders(res, result);
  res.setHeader('Content-Type', CONTENT_TYPES[form]);
  res.setHeader('Content-Length', body.length);
  res.end(body);
}

/** What a body that is no JSON has no place for. Of several warnings of one kind the code is said once. */
function setResultHeaders(res: ServerResponse, result: TranslationResult): void {
  const { detectedSource, warnings } = result;
  res.setHeader('Server-Timing', serverTiming(result.timings));
  res.setHeader('X-Connect-Id', result.connectId);
  if (warnings !== undefined)
    res.setHeader('X-Translation-Warnings', [...new Set(warnings.map(({ code }) => code))].join(', '));
  if (detectedSource !== undefined)
    res.setHeader('X-Detected-Source', `${detectedSource.language}; confidence=${detectedSource.confidence}`);
}

/** The client reads `data.connectId` and `data.responses[0]`. */
export function sendOriginalJson(res: ServerResponse, result: TranslationResult): void {
  res.setHeader('Server-Timing', serverTiming(result.timings));
  sendJson(res, { data: { connectId: result.connectId, responses: result.responses } });
}

/** A text that does not fit is cut, and `<name>-Truncated: true` is set. */
function setTextHeader(res: ServerResponse, name: string, text: string, maxLength: number): void {
  const { encoded, isWhole } = encodeForHeader(text, maxLength);
  res.setHeader(name, encoded);
  if (!isWhole) res.setHeader(`${name}-Truncated`, 'true');
}

/** Percent-encoded UTF-8. Half a surrogate pair becomes U+FFFD, as it does in UTF-8. */
function encodeForHeader(text: string, maxLength: number): { encoded: string; isWhole: boolean } {
  const wellFormed = Buffer.from(text).toString();
  let encoded = '';
  for (const char of wellFormed) {
    const next = encodeURIComponent(char);
    if (encoded.length + next.length > maxLength) return { encoded, isWhole: false };
    encoded += next;
  }
  return { encoded, isWhole: true };
}

function serverTiming(timings: TranslationResult['timings']): string {
  const { uploadMs, normalizeMs, queueMs, firstDeltaMs, upstreamMs } = timings;
  const upload = uploadMs === undefined ? '' : `upload;dur=${toTenths(uploadMs)}, `;
  const normalize = normalizeMs === undefined ? '' : `normalize;dur=${toTenths(normalizeMs)}, `;
  const upstream = `queue;dur=${toTenths(queueMs)}, first;dur=${toTenths(firstDeltaMs)}, upstream;dur=${toTenths(upstreamMs)}`;
  return upload + normalize + upstream;
}

function toTenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function wholeMs(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms);
}
