/**
 * Imitates Hugging Face speech-to-speech (src/speech_to_speech/api/openai_realtime at 9f59bc72): a response outside the
 * conversation is a throwaway chat, one runs at a time, few events are known, and one session holds the pipeline.
 */
import { resample } from '../../../audio/resample.js';
import {
  CLIENT_EVENT_NAMES,
  ga,
  preview,
  type ClientEvent,
  type Item,
  type ResponseRequest,
  type ServerEvent,
} from '../../../wire/index.js';
import { makeId } from '../conversation-items.js';
import { InputAudio } from '../input-audio.js';
import type { FrameCodec, KindSetup, ServerKind, ServerSession } from '../server-kind.js';
import { ImitatedSession, shown, storable } from './imitated-session.js';
import { asObject, objectAt, parseObject, readLeniently, without, type Json } from './lenient.js';

const PCM_HZ = 24_000;
/** In and out, unless the session declares another rate. */
const PIPELINE_HZ = 16_000;

const KNOWN_EVENTS = new Set<string>([
  ...[CLIENT_EVENT_NAMES['session.configure'], CLIENT_EVENT_NAMES['buffer.append']],
  ...[CLIENT_EVENT_NAMES['buffer.commit'], CLIENT_EVENT_NAMES['item.create']],
  ...[CLIENT_EVENT_NAMES['item.truncate'], CLIENT_EVENT_NAMES['response.create']],
  CLIENT_EVENT_NAMES['response.cancel'],
]);

export const huggingFaceServer: ServerKind = {
  dialect: ga,
  maxFrameBytes: 16 * 1024 * 1024,
  sessionLimit: {
    sessions: 1,
    releaseMs: 50,
    refusal: JSON.stringify({
      type: 'error',
      event_id: 'event_refused',
      error: {
        type: 'session_limit_reached',
        message: 'All 1 session slots are in use. Disconnect an existing client first.',
      },
    }),
    close: { code: 1008, reason: 'All session slots are in use' },
  },
  endsOnBinary: true,
  connect: (setup) => {
    const codec = new HuggingFaceCodec();
    return { codec, session: new HuggingFaceSession(setup, codec) };
  },
};

class HuggingFaceCodec implements FrameCodec {
  inputHz = PIPELINE_HZ;
  outputHz = PIPELINE_HZ;

  read(frame: string | Uint8Array): ReturnType<FrameCodec['read']> {
    const body = typeof frame === 'string' ? parseObject(frame) : undefined;
    const eventId = typeof body?.event_id === 'string' ? { eventId: body.event_id } : {};
    const isKnown = typeof body?.type === 'string' && KNOWN_EVENTS.has(body.type);
    const inputs = asObject(body?.response)?.input;
    const isReference = (entry: unknown): boolean => asObject(entry)?.type === 'item_reference';
    if (body === undefined || !isKnown || (Array.isArray(inputs) && inputs.some(isReference))) {
      const reason = `Unknown or invalid event: ${String(body?.type)}`;
      return { kind: 'malformed', reason, code: 'unknown_or_invalid_event', ...eventId };
    }
    this.inputHz = takeRate(body, 'session.audio.input.format') ?? this.inputHz;
    this.outputHz = takeRate(body, 'session.audio.output.format') ?? this.outputHz;
    const decoded = readLeniently(body, ga);
    return decoded.kind === 'malformed'
      ? { ...decoded, code: 'unknown_or_invalid_event', ...eventId }
      : decoded;
  }

  /** Items are acknowledged by their name of 2024. The code of an error stands in its type. */
  write(event: ServerEvent): string | undefined {
    if (event.type === 'item.added') return preview.encodeServer(event);
    const frame = ga.encodeServer(event);
    if (event.type !== 'fault' || frame === undefined) return frame;
    const body = JSON.parse(frame) as { error: Json };
    return JSON.stringify({ ...body, error: { ...body.error, type: event.code, code: null } });
  }

  refusal(decoded: Parameters<FrameCodec['refusal']>[0]): ReturnType<FrameCodec['refusal']> {
    const message = decoded.kind === 'malformed' ? decoded.reason : decoded.type;
    const causedBy = decoded.eventId === undefined ? {} : { causedBy: decoded.eventId };
    const code = 'unknown_or_invalid_event';
    return { type: 'fault', kind: code, code, message, ...causedBy };
  }
}

/** The strict schema knows one rate. */
function takeRate(body: Json, path: string): number | undefined {
  const format = objectAt(body, path);
  if (typeof format?.rate !== 'number') return undefined;
  const { rate } = format;
  format.rate = PCM_HZ;
  return rate;
}

class HuggingFaceSession extends ImitatedSession implements ServerSession {
  readonly #codec: HuggingFaceCodec;
  readonly #input = new InputAudio();
  #hasSound = false;

  constructor(setup: KindSetup, codec: HuggingFaceCodec) {
    super(setup);
    this.#codec = codec;
    this.#input.configure(this.settings.turnDetection);
  }

  open(): void {
    this.send({
      type: 'session.created',
      session: { id: this.id, instructions: this.settings.instructions },
    });
  }

  handle(event: ClientEvent): void {
    switch (event.type) {
      case 'session.configure': {
        const settings = without(event.session, 'model', 'inputFormat', 'outputFormat');
        // Its detector runs whatever is configured.
        this.settings = { ...this.settings, ...settings };
        this.send({ type: 'session.updated', session: { ...this.settings, id: this.id } });
        return;
      }
      case 'item.create': {
        const placed = this.conversation.add(storable(event.item));
        this.send({ type: 'item.added', item: shown(placed.item), previousItemId: placed.previousItemId });
        return;
      }
      case 'buffer.append':
        this.#append(event.audio);
        return;
      case 'buffer.commit':
        if (!this.#hasSound) this.#refuse('input_audio_buffer_commit_empty', event.eventId);
        this.#hasSound = false;
        return;
      case 'response.create':
        if (this.running !== undefined)
          this.#refuse('conversation_already_has_active_response', event.eventId);
        else this.#create(event.response);
        return;
      case 'response.cancel':
        this.running?.cancel('client_cancelled');
        return;
      default:
        return;
    }
  }

  #refuse(code: string, causedBy: string | undefined): void {
    this.fail(code, code, 'Refused.', causedBy);
  }

  #create(options: ResponseRequest): void {
    const isOutside = options.conversation === 'none';
    const input = (options.input ?? []).flatMap((entry) => ('reference' in entry ? [] : [entry]));
    if (!isOutside) for (const item of input) this.conversation.add(storable(item));
    const items = isOutside ? input : this.conversation.items();
    const hasInstructions = (options.instructions ?? this.settings.instructions) !== '';
    this.#start(
      options,
      items.flatMap((item) => inChat(item, hasInstructions)),
      !isOutside,
    );
  }

  #start(options: ResponseRequest, items: readonly Item[], isStored: boolean): void {
    // What is spoken is said by the response alone: without modalities it is sound, whatever the session says.
    this.respond(
      { output: 'audio', ...options },
      {
        ...{ responder: this.setup.responder, items, metadata: options.metadata ?? {}, isStored },
        send: (event) => {
          this.#sendOfResponse(event);
        },
      },
    );
  }

  #append(audio: Buffer): void {
    this.#hasSound = true;
    for (const turn of this.#input.append(resample(audio, this.#codec.inputHz, PCM_HZ))) {
      const itemId = makeId('item');
      if (turn.type === 'started') {
        this.running?.cancel('turn_detected');
        this.send({ type: 'speech.started', itemId, audioStartMs: turn.audioStartMs });
      } else {
        this.send({ type: 'speech.stopped', itemId, audioEndMs: turn.audioEndMs });
        void this.#hear(itemId, turn.audio);
      }
    }
  }

  /** Never rejects. */
  async #hear(itemId: string, audio: Buffer): Promise<void> {
    const place = { itemId, contentIndex: 0 };
    try {
      const { text: transcript } = await this.setup.responder.transcribe(
        audio,
        undefined,
        this.closed.signal,
      );
      this.send({ type: 'transcription.completed', ...place, transcript });
      if (transcript === '') return;
      this.conversation.add(storable({ role: 'user', parts: [{ type: 'text', text: transcript }] }));
      this.running?.cancel('turn_detected');
      this.#start({}, this.conversation.items(), true);
    } catch (error) {
      if (this.closed.signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      this.send({ type: 'transcription.failed', ...place, code: 'transcription_failed', message });
    }
  }

  #sendOfResponse(event: ServerEvent): void {
    switch (event.type) {
      case 'limits':
      case 'item.added':
      case 'item.done':
      case 'output.added':
      case 'output.done':
      case 'part.added':
      case 'part.done':
        return;
      case 'audio.delta':
        this.send({ ...event, audio: resample(event.audio, PCM_HZ, this.#codec.outputHz) });
        return;
      default:
        this.send(event);
    }
  }
}

/** Instructions take the place of system items, and sound in an item is not heard. */
function inChat(item: Item, hasInstructions: boolean): Item[] {
  if (item.role === 'system' && hasInstructions) return [];
  const parts = item.parts.filter((part) => part.type === 'text' || part.transcript !== undefined);
  return parts.length === 0 ? [] : [{ ...item, parts }];
}
