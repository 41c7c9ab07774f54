/** The use case of recordings: a short one goes as one piece, any other in segments. */
import type { RecordingDecoder } from '../audio/ffmpeg/recording-decoder.js';
import type { NormalizedAudio } from '../audio/normalize.js';
import { pcmDurationMs } from '../audio/pcm.js';
import type { Recording } from '../audio/recording.js';
import { writeSampleFile } from '../audio/sample-file.js';
import { segmentBytes } from '../audio/speech/segment.js';
import { GatewayError } from '../errors.js';
import type { Session } from '../session/profile.js';
import { createInSession } from '../translate/in-session.js';
import { toDetected } from '../translate/language-detector.js';
import type { DetectedLanguage, TranslationWarning } from '../translate/request.js';
import type { TranslationTrace } from '../translate/trace.js';
import { createTranslatePiece, toResult, type TranslatePorts } from '../translate/translate.js';
import type { RequestProfile } from '../translate/upstream-request.js';
import { FairSemaphore } from './fair-semaphore.js';
import { OrderedDeltas } from './ordered-deltas.js';
import { profilesOf } from './profiles.js';
import type {
  RecordingOptions,
  RecordingRequest,
  RecordingResult,
  TranslateRecording,
} from './recording-request.js';
import { ResponseTotals } from './response-totals.js';
import { DecodedFile, sourceInMemory, type SampleSource } from './sample-source.js';
import { joinSegments, transcriptOf, type SegmentResult, type SegmentTranslation } from './segment-result.js';
import { inOrder, translateSegments } from './translate-segments.js';

export interface RecordingPorts extends TranslatePorts {
  readonly decoder: RecordingDecoder;
  readonly slots: FairSemaphore;
  /** A path for a file of samples that does not exist, in a folder that is swept. */
  readonly samplePath: () => string;
  /** The longest recording that one request upstream carries, and the longest of all. */
  readonly maxPieceSeconds: number;
  readonly maxSeconds: number;
}

/** A recording up to this length is one piece, unless its segments are wanted. */
const SHORT_SECONDS = 30;

export function createTranslateRecording(ports: RecordingPorts): TranslateRecording {
  const inSession = createInSession(ports);
  const translatePiece = createTranslatePiece(ports);

  return (request, options) =>
    inSession(request, options.abort, async (session, trace) => {
      const { question, output } = request;
      if (question.kind === 'text') return await translatePiece(request, question, session, trace, options);
      const profiles = profilesOf(session, request.targets ?? []);
      // A spoken reply is one piece however long it is.
      const maxSeconds =
        output === 'audio' ? ports.maxPieceSeconds : Math.min(SHORT_SECONDS, ports.maxSeconds);
      const rejectsLonger = output === 'audio' || maxSeconds === ports.maxSeconds;
      const { recording } = question;
      const { signal } = options.abort;
      const short = await trace.normalize(() =>
        decodeShort(ports, recording, { maxSeconds, rejectsLonger }, signal),
      );
      signal.throwIfAborted();
      if (short !== undefined && (output === 'audio' || request.inSegments !== true)) {
        trace.inputAudioMs = short.durationMs;
        const result = await translatePiece(request, { pcm: short.pcm }, session, trace, options);
        options.onCharge?.(short.durationMs);
        if (result.transcript !== undefined) options.onCharge?.(short.durationMs);
        return result;
      }
      const source = openSource(ports, recording, short, signal);
      try {
        return await new RecordingRun(ports, request, session, profiles, trace, source, options).result();
      } finally {
        await source.close();
      }
    });
}

/** @returns undefined for a longer recording, unless `rejectsLonger`. @throws GatewayError `audio-too-long` if it is set. */
async function decodeShort(
  { audio }: RecordingPorts,
  recording: Recording,
  { maxSeconds, rejectsLonger }: { readonly maxSeconds: number; readonly rejectsLonger: boolean },
  signal: AbortSignal,
): Promise<NormalizedAudio | undefined> {
  try {
    return await audio.normalize(recording, signal, maxSeconds);
  } catch (error) {
    const isLonger = error instanceof GatewayError && error.code === 'audio-too-long';
    if (isLonger && !rejectsLonger) return undefined;
    throw error;
  }
}

function openSource(
  { decoder, samplePath }: RecordingPorts,
  recording: Recording,
  short: NormalizedAudio | undefined,
  signal: AbortSignal,
): SampleSource {
  if (short !== undefined) return sourceInMemory(short.pcm);
  const path = samplePath();
  return new DecodedFile(path, (stop) => writeSampleFile(decoder.decode(recording, stop), path), signal);
}

/** One recording on its way through its segments. */
class RecordingRun {
  readonly #ports: RecordingPorts;
  readonly #request: RecordingRequest;
  readonly #session: Session;
  readonly #profiles: readonly [RequestProfile, ...RequestProfile[]];
  readonly #trace: TranslationTrace;
  readonly #source: SampleSource;
  readonly #options: RecordingOptions;
  readonly #totals = new ResponseTotals();
  readonly #segments: SegmentResult[] = [];
  readonly #deltas = new OrderedDeltas((delta) => this.#sendText(delta));
  #started: Promise<void> | undefined;

  constructor(
    ports: RecordingPorts,
    request: RecordingRequest,
    session: Session,
    profiles: readonly [RequestProfile, ...RequestProfile[]],
    trace: TranslationTrace,
    source: SampleSource,
    options: RecordingOptions,
  ) {
    this.#ports = ports;
    this.#request = request;
    this.#session = session;
    this.#profiles = profiles;
    this.#trace = trace;
    this.#source = source;
    this.#options = options;
  }

  async result(): Promise<RecordingResult> {
    this.#trace.pending = this.#totals;
    try {
      for await (const result of inOrder(this.#startBeforeFirst(this.#translate()))) await this.#emit(result);
    } catch (error) {
      // A stream may have sent words of a segment that is not finished.
      const partial = this.#options.onEvent === undefined ? this.#textOf(0) : this.#deltas.text;
      throw error instanceof GatewayError ? error.withPartial(partial) : error;
    }
    await this.#start();
    const { durationMs } = this.#source;
    this.#trace.inputAudioMs = durationMs;
    await this.#progress(durationMs);
    const translations = this.#profiles.map(({ target }, targetIndex): SegmentTranslation => ({
      target,
      text: this.#textOf(targetIndex),
    }));
    const answer = { text: translations[0]?.text ?? '', audio: [] };
    const transcript = this.#request.transcript === true ? transcriptOf(this.#segments) : undefined;
    return {
      ...toResult(this.#request, this.#session, this.#trace, answer, this.#ports.model),
      ...(transcript !== undefined && { transcript }),
      detectedSource: await this.#detectedSource(transcript),
      ...this.#warnings(),
      segmented: { durationMs, segments: this.#segments, translations },
    };
  }

  #translate(): AsyncIterable<SegmentResult> {
    const transcript = this.#request.transcript === true;
    const responses = this.#profiles.length + (transcript ? 1 : 0);
    const { pool, slots } = this.#ports;
    const { isInMemory } = this.#source;
    const isLive = isInMemory && this.#options.onEvent !== undefined;
    // A short recording would wait for seconds behind jobs that take all slots; the pool limits it as it limits texts.
    return translateSegments(
      { pool, slots: isInMemory ? new FairSemaphore(slots.limit) : slots },
      {
        segments: this.#source.segments,
        readSamples: (segment) => this.#source.read(segment),
        profiles: this.#profiles,
        transcript,
        admit: (segment) => {
          const soundMs = pcmDurationMs(segmentBytes(segment).length);
          for (let response = 0; response < responses; response += 1) this.#options.onCharge?.(soundMs);
          return Promise.resolve();
        },
        ...(isLive && { live: (index: number) => this.#deltas.liveWordsOf(index) }),
        onResponse: this.#totals.add,
        signal: this.#options.abort.signal,
        ...(this.#request.context !== undefined && { context: this.#request.context }),
      },
    );
  }

  /** Sends `started` before the first result, unless words have started the stream before. */
  async *#startBeforeFirst(results: AsyncIterable<SegmentResult>): AsyncGenerator<SegmentResult, void, void> {
    for await (const result of results) {
      await this.#start();
      yield result;
    }
  }

  async #start(): Promise<void> {
    const { onEvent } = this.#options;
    if (onEvent === undefined) return;
    this.#started ??= onEvent({ type: 'started', connectId: this.#session.connectId });
    await this.#started;
    this.#trace.hasDelivered = true;
  }

  async #sendText(delta: string): Promise<void> {
    await this.#start();
    await this.#options.onEvent?.({ type: 'text', delta });
  }

  async #emit(result: SegmentResult): Promise<void> {
    this.#segments.push(result);
    const { onEvent } = this.#options;
    if (onEvent === undefined) return;
    const { index, startMs, endMs, source, translations } = result;
    await this.#deltas.end(translations[0]?.text ?? '');
    for (const translation of translations)
      await onEvent({ type: 'segment', segment: { index, startMs, endMs, source, ...translation } });
    await this.#progress(endMs);
  }

  async #progress(processedMs: number): Promise<void> {
    const totalMs = Math.max(processedMs, this.#source.durationMs);
    await this.#options.onEvent?.({ type: 'progress', processedMs, totalMs });
  }

  #textOf(targetIndex: number): string {
    return joinSegments(this.#segments.map(({ translations }) => translations[targetIndex]?.text ?? ''));
  }

  /** The language that the engine reported, else that of the transcript; undefined if a source was given. */
  async #detectedSource(transcript: string | undefined): Promise<DetectedLanguage | undefined> {
    if (this.#session.source !== null) return undefined;
    const ofEngine = this.#totals.detectedLanguage;
    if (ofEngine !== undefined) return toDetected(ofEngine);
    return transcript === undefined ? undefined : await this.#ports.languages.detect(transcript);
  }

  #warnings(): { warnings?: TranslationWarning[] } {
    const warnings = this.#segments.flatMap(({ index, warnings: own }) =>
      own.map(({ code, detail }) => ({ code, detail: `Segment ${index}: ${detail}` })),
    );
    return warnings.length === 0 ? {} : { warnings };
  }
}
