/**
 * Imitates speaches (src/speaches/realtime, src/speaches/types/realtime.py at 870e1e16): the names of 2024, one
 * conversation, fields that are refused with an error each while the event is executed, and a session that does not
 * outlive a failure.
 */
import {
  CLIENT_EVENT_NAMES,
  preview,
  type ClientEvent,
  type Item,
  type ServerEvent,
  type TurnDetection,
} from '../../../wire/index.js';
import { pcmDurationMs } from '../../../audio/pcm.js';
import { makeId, type StoredItem } from '../conversation-items.js';
import { RequestError } from '../errors.js';
import { InputAudio } from '../input-audio.js';
import type { FrameCodec, KindSetup, ServerKind, ServerSession } from '../server-kind.js';
import { ImitatedSession, shown, storable } from './imitated-session.js';
import { asObject, objectAt, parseObject, readLeniently, without, type Json } from './lenient.js';

const INVALID = 'invalid_request_error';
const FAILED = 'server_error';
const MIN_COMMIT_MS = 100;
/** What uvicorn ends a socket with whose handler raised. */
const INTERNAL_ERROR = { code: 1011, reason: '' };

export const speachesServer: ServerKind = {
  dialect: preview,
  maxFrameBytes: 16 * 1024 * 1024,
  endsOnBinary: true,
  connect: (setup) => {
    const codec = new SpeachesCodec();
    return { codec, session: new SpeachesSession(setup, codec) };
  },
};

/** All fields of a detection are required; one that lacks any is passed over. */
const DETECTION_FIELDS = ['create_response', 'prefix_padding_ms', 'silence_duration_ms', 'threshold'];
const REFUSED_OF_RESPONSE = ['conversation', 'input', 'output_audio_format', 'metadata'];
const REFUSED_OF_SESSION = ['input_audio_format', 'output_audio_format'];

class SpeachesCodec implements FrameCodec {
  /** Of the last frame: the fields that its event refuses with an error each. */
  refused: string[] = [];

  read(frame: string | Uint8Array): ReturnType<FrameCodec['read']> {
    this.refused = [];
    const body = typeof frame === 'string' ? parseObject(frame) : undefined;
    if (body === undefined) return invalid('1 validation error: Input should be a valid JSON object');
    const session = asObject(body.session);
    if (session !== undefined) {
      if (session.turn_detection === null)
        return invalid('session.turn_detection: Input should be a valid dictionary');
      this.#readSession(session);
    }
    const response = asObject(body.response);
    if (response !== undefined) this.#take(response, REFUSED_OF_RESPONSE, 'response');
    if (body.type === CLIENT_EVENT_NAMES['item.retrieve'] || hasSoundWithoutWords(objectAt(body, 'item')))
      return invalid('1 validation error: Input tag does not match any of the expected tags');
    return readLeniently(body, preview);
  }

  write(event: ServerEvent): string | undefined {
    const frame = preview.encodeServer(event);
    if (frame === undefined || event.type !== 'response.started') return frame;
    const body = JSON.parse(frame) as { response: Json };
    return JSON.stringify({
      ...body,
      response: { ...body.response, status: 'incomplete', metadata: undefined },
    });
  }

  /** Names no event. */
  refusal(decoded: Parameters<FrameCodec['refusal']>[0]): ReturnType<FrameCodec['refusal']> {
    const message = decoded.kind === 'malformed' ? decoded.reason : `Unexpected type ${decoded.type}`;
    return { type: 'fault', kind: INVALID, code: INVALID, message };
  }

  #readSession(session: Json): void {
    this.#take(session, REFUSED_OF_SESSION, 'session');
    const detection = asObject(session.turn_detection);
    if (detection === undefined) return;
    if (DETECTION_FIELDS.some((field) => detection[field] === undefined)) delete session.turn_detection;
    else this.#take(detection, ['prefix_padding_ms'], 'session.turn_detection');
  }

  #take(holder: Json, fields: readonly string[], above: string): void {
    for (const field of fields) {
      if (holder[field] === undefined) continue;
      Reflect.deleteProperty(holder, field);
      this.refused.push(`${above}.${field}`);
    }
  }
}

function invalid(reason: string): ReturnType<FrameCodec['read']> {
  return { kind: 'malformed', reason, code: INVALID };
}

function hasSoundWithoutWords(item: Json | undefined): boolean {
  const parts = Array.isArray(item?.content) ? (item.content as unknown[]) : [];
  return parts.some((part) => {
    const fields = asObject(part);
    return fields?.type === 'input_audio' && fields.transcript === undefined;
  });
}

const DETECTION: TurnDetection = {
  ...{ type: 'server_vad', threshold: 0.9, prefixPaddingMs: 0, silenceDurationMs: 550 },
  createResponse: true,
};

/** Of its settings, those that an update leaves as they are, or that are not taken as they come. */
const NOT_CHANGED = [
  ...(['turnDetection', 'transcription', 'model', 'inputFormat', 'outputFormat', 'noiseReduction'] as const),
] as const;

class SpeachesSession extends ImitatedSession implements ServerSession {
  readonly #codec: SpeachesCodec;
  readonly #input = new InputAudio();
  /** Everything since the last commit: nothing is dropped before speech, as the detector does. */
  #buffer: Buffer[] = [];
  /** The detector has heard speech in the buffer, and not its end. */
  #isHearing = false;
  #ended = false;

  constructor(setup: KindSetup, codec: SpeachesCodec) {
    super(setup);
    this.#codec = codec;
    this.settings = {
      ...this.settings,
      transcription: { model: 'Systran/faster-distil-whisper-small.en' },
      turnDetection: DETECTION,
    };
    this.#input.configure(DETECTION);
  }

  open(): void {
    this.send({ type: 'session.created', session: this.view });
  }

  handle(event: ClientEvent): void {
    if (this.#ended) return;
    for (const field of this.#codec.refused)
      this.fail(INVALID, INVALID, `Specifying \`${field}\` is not supported.`);
    try {
      this.#execute(event);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.fail(INVALID, INVALID, error.message);
    }
  }

  #execute(event: ClientEvent): void {
    switch (event.type) {
      case 'session.configure':
        this.#configure(event.session);
        return;
      case 'item.create':
        this.#add(storable(event.item));
        return;
      case 'item.delete':
        this.conversation.delete(event.itemId);
        this.send({ type: 'item.deleted', itemId: event.itemId });
        return;
      case 'buffer.append':
        this.#append(event.audio);
        return;
      case 'buffer.commit':
        if (this.#isHearing) this.#die();
        else this.#commit();
        return;
      case 'buffer.clear':
        this.#input.clear();
        this.#buffer = [];
        this.send({ type: 'buffer.cleared' });
        return;
      case 'response.create':
        this.#respond(event.response);
        return;
      default:
        this.fail(FAILED, FAILED, `Handling of the '${event.type}' event is not implemented.`, event.eventId);
    }
  }

  #configure(session: Extract<ClientEvent, { type: 'session.configure' }>['session']): void {
    const { turnDetection, transcription } = session;
    const plain = without(session, ...NOT_CHANGED);
    this.settings = { ...this.settings, ...plain };
    if (transcription?.model !== undefined) this.settings = { ...this.settings, transcription };
    if (turnDetection != null) {
      this.settings = { ...this.settings, turnDetection };
      // A probability of speech is never above 1.
      this.#input.configure(turnDetection.threshold === 1 ? null : turnDetection);
    }
    this.send({ type: 'session.updated', session: this.view });
  }

  #add(item: StoredItem): void {
    const placed = this.conversation.add(item);
    this.send({ type: 'item.added', item: shown(placed.item), previousItemId: placed.previousItemId });
  }

  #commit(): void {
    const audio = Buffer.concat(this.#buffer);
    if (pcmDurationMs(audio.length) < MIN_COMMIT_MS) {
      this.fail(INVALID, INVALID, 'Error committing input audio buffer: buffer too small.');
      return;
    }
    this.#buffer = [];
    this.#input.clear();
    this.#take(audio);
  }

  #append(audio: Buffer): void {
    this.#buffer.push(audio);
    for (const turn of this.#input.append(audio)) {
      const itemId = makeId('item');
      this.#isHearing = turn.type === 'started';
      if (turn.type === 'started')
        this.send({ type: 'speech.started', itemId, audioStartMs: turn.audioStartMs });
      else {
        this.#buffer = [];
        this.send({ type: 'speech.stopped', itemId, audioEndMs: turn.audioEndMs });
        this.#take(turn.audio);
      }
    }
  }

  #take(audio: Buffer): void {
    const itemId = makeId('item');
    this.send({ type: 'buffer.committed', itemId, previousItemId: this.conversation.lastId });
    this.#add({ id: itemId, role: 'user', status: 'completed', parts: [{ type: 'audio' }] });
    void this.#transcribe(itemId, audio);
  }

  /** Never rejects. */
  async #transcribe(itemId: string, audio: Buffer): Promise<void> {
    try {
      const { language } = this.settings.transcription ?? {};
      const { text: transcript } = await this.setup.responder.transcribe(audio, language, this.closed.signal);
      this.conversation.replace({
        ...{ id: itemId, role: 'user', status: 'completed' },
        parts: [{ type: 'audio', transcript }],
      });
      this.send({ type: 'transcription.completed', itemId, contentIndex: 0, transcript });
      if (this.settings.turnDetection?.createResponse !== false) this.#respond({});
    } catch {
      if (!this.closed.signal.aborted) this.#die();
    }
  }

  #respond(options: Extract<ClientEvent, { type: 'response.create' }>['response']): void {
    // Its task is cancelled without a word.
    this.running?.abandon();
    const items = this.conversation.items();
    if (items.some(isUnusable)) {
      this.#die();
      return;
    }
    const heard = items.filter((item) =>
      item.parts.every((part) => part.type === 'text' || part.transcript !== ''),
    );
    this.respond(options, {
      ...{ responder: this.setup.responder, items: heard, metadata: {}, isStored: true },
      send: (event) => {
        this.#sendOfResponse(event);
      },
    });
  }

  #sendOfResponse(event: ServerEvent): void {
    if (event.type === 'limits') return;
    if (event.type === 'response.finished' && event.response.status === 'failed') {
      this.fail(FAILED, FAILED, `APIStatusError: ${event.response.error?.message ?? ''}`);
      this.#die();
    } else if (event.type === 'response.finished') {
      this.send({ ...event, response: without(event.response, 'metadata') });
    } else this.send(event);
  }

  /** The exception of any handler ends the tasks of the whole session. */
  #die(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.setup.end(INTERNAL_ERROR);
  }
}

/** Where an assertion fails: each item has one part, and that is not empty. */
function isUnusable({ parts, role }: Item): boolean {
  const [part, ...more] = parts;
  if (part === undefined || more.length > 0) return true;
  return part.type === 'text' ? part.text === '' : role === 'user' && part.transcript === undefined;
}
