/**
 * Imitates LocalAI (core/http/endpoints/openai/realtime*.go at 82c191af). It knows one conversation and no other, appends
 * the input of a response to it, answers committed sound by itself, and lets a second response cancel the first.
 */
import { resample } from '../../../audio/resample.js';
import {
  CLIENT_EVENT_NAMES,
  ga,
  type ClientEvent,
  type Item,
  type Part,
  type ServerEvent,
} from '../../../wire/index.js';
import { ConversationItems, makeId } from '../conversation-items.js';
import { InputAudio } from '../input-audio.js';
import type { Responder } from '../responder.js';
import type { FrameCodec, KindSetup, ServerKind, ServerSession } from '../server-kind.js';
import { ImitatedSession, shown, storable } from './imitated-session.js';
import { asObject, objectAt, parseObject, readLeniently, without, type Json } from './lenient.js';

const PCM_HZ = 24_000;
/** The header that a committed recording gets, whatever its rate. */
const COMMIT_HZ = 16_000;
/** In place of the id of the event that an error answers. */
const NO_EVENT = 'event_TODO';
const KIND = 'invalid_request_error';

export const localAiServer: ServerKind = {
  dialect: ga,
  maxFrameBytes: 10 * 1024 * 1024,
  endsOnBinary: false,
  connect: (setup) => {
    const codec = new LocalAiCodec();
    return { codec, session: new LocalAiSession(setup, codec) };
  },
};

class LocalAiCodec implements FrameCodec {
  /** As the session declared it. */
  inputHz = PCM_HZ;

  read(frame: string | Uint8Array): ReturnType<FrameCodec['read']> {
    const body = parseObject(Buffer.from(frame).toString());
    if (body === undefined) return { kind: 'malformed', reason: 'Invalid JSON format', code: 'invalid_json' };
    this.#readRate(body);
    for (const holder of [asObject(body.session), asObject(body.response)]) useModalities(holder);
    const inputs = asObject(body.response)?.input;
    const isUnknown = (entry: unknown): boolean => asObject(entry)?.type === 'item_reference';
    if (Array.isArray(inputs) && inputs.some(isUnknown))
      return { kind: 'malformed', reason: 'Invalid JSON format', code: 'invalid_json' };
    const session = asObject(body.session);
    if (session !== undefined) session.type ??= 'realtime';
    return readLeniently(body, ga);
  }

  write(event: ServerEvent): string | undefined {
    return ga.encodeServer(event);
  }

  /** Names no event. An unknown type is only logged by LocalAI; the error stands for that it does nothing. */
  refusal(): ReturnType<FrameCodec['refusal']> {
    return { type: 'fault', kind: KIND, code: 'invalid_json', message: 'Invalid JSON format' };
  }

  #readRate(body: Json): void {
    const format = objectAt(body, 'session.audio.input.format');
    if (typeof format?.rate !== 'number') return;
    this.inputHz = format.rate;
    format.rate = PCM_HZ;
  }
}

/** The names of 2024 are taken too. */
function useModalities(holder: Json | undefined): void {
  if (holder === undefined || !Array.isArray(holder.modalities)) return;
  holder.output_modalities ??= holder.modalities.includes('audio') ? ['audio'] : ['text'];
}

class LocalAiSession extends ImitatedSession implements ServerSession {
  readonly #codec: LocalAiCodec;
  readonly #input = new InputAudio();
  readonly #responder: Responder;
  #raw: Buffer[] = [];
  /** Of the recording that is being transcribed. */
  #transcribing: AbortController | undefined;
  /** The running response has sent something of its answer. */
  #hasSpoken = false;

  constructor(setup: KindSetup, codec: LocalAiCodec) {
    super(setup);
    this.#codec = codec;
    this.#responder = wholeAnswers(setup.responder);
    this.#input.configure(this.settings.turnDetection);
  }

  open(): void {
    this.send({ type: 'session.created', session: this.#shownSession() });
  }

  handle(event: ClientEvent): void {
    switch (event.type) {
      case 'session.configure': {
        const { turnDetection } = event.session;
        this.settings = {
          ...this.settings,
          ...without(event.session, 'inputFormat', 'outputFormat', 'model'),
        };
        if (turnDetection !== undefined) this.#input.configure(turnDetection);
        this.send({ type: 'session.updated', session: this.#shownSession() });
        return;
      }
      case 'item.create':
        this.#add(event.item);
        return;
      case 'item.delete':
        if (this.conversation.get(event.itemId) === undefined)
          this.#refuse('invalid_item_id', 'Item to delete not found');
        else {
          this.conversation.delete(event.itemId);
          this.send({ type: 'item.deleted', itemId: event.itemId });
        }
        return;
      case 'buffer.append':
        this.#append(event.audio);
        return;
      case 'buffer.commit':
        this.#commit();
        return;
      case 'buffer.clear':
        this.#raw = [];
        this.#input.clear();
        this.send({ type: 'buffer.cleared' });
        return;
      case 'response.create':
        for (const entry of event.response.input ?? [])
          if (!('reference' in entry)) this.conversation.add(storable(entry));
        this.#issue(event.response, event.response.metadata ?? {});
        return;
      case 'response.cancel':
        this.#cancelRunning();
        return;
      default:
        this.#refuse('not_implemented', event.type);
    }
  }

  override close(): void {
    super.close();
    this.#transcribing?.abort();
  }

  #shownSession() {
    return { ...without(this.view, 'inputFormat', 'outputFormat'), transcription: { model: 'whisper-1' } };
  }

  #refuse(code: string, message: string): void {
    this.fail(KIND, code, message, NO_EVENT);
  }

  #add(item: Item): void {
    const placed = this.conversation.add(storable(item));
    this.send({ type: 'item.added', item: shown(placed.item), previousItemId: placed.previousItemId });
  }

  #append(audio: Buffer): void {
    if (this.settings.turnDetection === null) {
      this.#raw.push(audio);
      return;
    }
    for (const turn of this.#input.append(resample(audio, this.#codec.inputHz, PCM_HZ))) {
      const itemId = makeId('item');
      if (turn.type === 'started') {
        this.#cancelRunning();
        this.send({ type: 'speech.started', itemId, audioStartMs: turn.audioStartMs });
      } else {
        this.send({ type: 'speech.stopped', itemId, audioEndMs: turn.audioEndMs });
        this.send({ type: 'buffer.committed', itemId, previousItemId: null });
        void this.#hear(turn.audio);
      }
    }
  }

  #commit(): void {
    if (this.settings.turnDetection !== null) {
      this.#refuse('not_implemented', `${CLIENT_EVENT_NAMES['buffer.commit']} in conjunction with VAD`);
      return;
    }
    const raw = Buffer.concat(this.#raw);
    this.#raw = [];
    // The id names no item.
    this.send({ type: 'buffer.committed', itemId: makeId('item'), previousItemId: null });
    if (raw.length > 0) void this.#hear(resample(raw, COMMIT_HZ, PCM_HZ));
  }

  /** Transcribes, adds the item and answers it by the session's settings. Never rejects. */
  async #hear(audio: Buffer): Promise<void> {
    this.#cancelRunning();
    const transcribing = new AbortController();
    this.#transcribing = transcribing;
    const signal = AbortSignal.any([transcribing.signal, this.closed.signal]);
    try {
      const { text: transcript } = await this.setup.responder.transcribe(audio, undefined, signal);
      if (signal.aborted) return;
      this.send({ type: 'transcription.completed', itemId: makeId('item'), contentIndex: 0, transcript });
      this.#add({ role: 'user', parts: [{ type: 'audio', transcript }] });
      this.#issue({}, {});
    } catch (error) {
      if (!this.closed.signal.aborted) this.#refuse('transcription_failed', messageOf(error));
    } finally {
      if (this.#transcribing === transcribing) this.#transcribing = undefined;
    }
  }

  #issue(
    options: Parameters<ImitatedSession['respond']>[0],
    metadata: Readonly<Record<string, string>>,
  ): void {
    this.#cancelRunning();
    this.#hasSpoken = false;
    this.respond(options, {
      ...{ responder: this.#responder, items: this.conversation.items(), metadata, isStored: true },
      send: (event) => {
        this.#sendOfResponse(event);
      },
    });
  }

  /** A response that has nothing to show yet ends with an error and without a `response.done`. */
  #cancelRunning(): void {
    this.#transcribing?.abort();
    const { running } = this;
    if (running === undefined) return;
    if (this.#hasSpoken) running.cancel('client_cancelled');
    else {
      running.abandon();
      this.running = undefined;
      this.fail(
        KIND,
        'prediction_failed',
        'backend error: rpc error: code = Canceled desc = context canceled',
      );
    }
  }

  #sendOfResponse(event: ServerEvent): void {
    switch (event.type) {
      case 'limits':
      case 'item.added':
      case 'item.done':
        return;
      case 'response.finished':
        if (event.response.status === 'failed')
          this.fail(KIND, 'inference_failed', `backend error: ${event.response.error?.message ?? ''}`);
        else
          this.send({
            ...event,
            response: { ...event.response, output: event.response.output.map(asSpoken) },
          });
        for (const { id, status } of event.response.output)
          if (id !== undefined && status === 'incomplete') forget(this.conversation, id);
        return;
      case 'output.added':
      case 'output.done':
        this.#hasSpoken = true;
        this.send({ ...event, item: asSpoken(event.item) });
        return;
      case 'part.added':
      case 'part.done':
        this.send({ ...event, part: spokenPart(event.part) });
        return;
      default:
        this.send(event);
    }
  }
}

/** Text stands in parts of sound, too. */
function asSpoken(item: Item): Item {
  return { ...item, parts: item.parts.map(spokenPart) };
}

function spokenPart(part: Part): Part {
  return part.type === 'text' ? { type: 'audio', transcript: part.text } : part;
}

function forget(conversation: ConversationItems, id: string): void {
  if (conversation.get(id) !== undefined) conversation.delete(id);
}

/** The text comes whole, once the model has ended. */
function wholeAnswers(inner: Responder): Responder {
  return {
    async *respond(request, signal) {
      let text = '';
      for await (const event of inner.respond(request, signal)) {
        if (event.type === 'text') {
          text += event.delta;
          continue;
        }
        if (text !== '') yield { type: 'text', delta: text };
        text = '';
        yield event;
      }
      if (text !== '') yield { type: 'text', delta: text };
    },
    transcribe: (pcm, language, signal) => inner.transcribe(pcm, language, signal),
    capabilities: () => inner.capabilities(),
    close: () => inner.close(),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
