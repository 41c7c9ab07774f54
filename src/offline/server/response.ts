/** One response in progress: sends the responder's output in the protocol's order of events. */
import type {
  Item,
  Part,
  ContentPosition,
  ResponseStatus,
  ResponseView,
  ServerEvent,
} from '../../wire/index.js';
import { makeId, type ConversationItems } from './conversation-items.js';
import { BYTES_PER_MS, pcmDurationMs } from '../../audio/pcm.js';
import { RequestError, ResponderError } from './errors.js';
import type { Responder, ResponderEvent, ResponderRequest } from './responder.js';
import { estimateUsage, tokensOfText } from './usage.js';

/** Receives a session's events. */
export interface EventSink {
  send(event: ServerEvent): void;
  /** Undefined while the client keeps up; else resolves when it has caught up or its socket has closed. */
  drained(): Promise<void> | undefined;
}

export interface ResponseSetup {
  readonly request: ResponderRequest;
  readonly responder: Responder;
  readonly sink: EventSink;
  /** As shown in the response object. */
  readonly voice: string;
  /** The default conversation that stores the answer, with its id; absent for out-of-band responses. */
  readonly store: { readonly id: string; readonly conversation: ConversationItems } | undefined;
  /** Counted in tokens of text. */
  readonly maxOutputTokens: number | 'inf';
  /** Called at the first samples, which fix the session's voice. */
  readonly onFirstAudio: () => void;
  /** Called once, before the last event is sent. `fault` is an unexpected error of the responder. */
  readonly onEnd: (fault?: unknown) => void;
}

interface Ending {
  readonly status: Exclude<ResponseStatus, 'in_progress'>;
  readonly reason?: string;
  readonly error?: { code: string; message: string };
}

/** Pairs of metadata that the protocol allows. */
const MAX_METADATA = 16;

/** 200 ms of samples, the size of the real server's later deltas. */
const AUDIO_DELTA_BYTES = 200 * BYTES_PER_MS;

export class RunningResponse {
  readonly #setup: ResponseSetup;
  readonly #abort = new AbortController();
  readonly #position: ContentPosition;
  #opened = false;
  #ended = false;
  #text = '';
  /** The language of the question, as the responder detected it. */
  #detected: string | undefined;
  #audioBytes = 0;
  /** Samples that do not fill a delta yet. */
  #samples: Buffer[] = [];
  #samplesBytes = 0;

  constructor(setup: ResponseSetup) {
    this.#setup = setup;
    this.#position = {
      responseId: setup.request.responseId,
      itemId: makeId('item'),
      outputIndex: 0,
      contentIndex: 0,
    };
  }

  get id(): string {
    return this.#setup.request.responseId;
  }

  /** Sends the first event synchronously, then continues in the background; errors end the response. */
  start(): void {
    this.#send({ type: 'response.started', response: this.#view({ status: 'in_progress' }) });
    void this.#run();
  }

  /** Ends the response immediately, whatever the responder is doing. */
  cancel(reason: 'client_cancelled' | 'turn_detected'): void {
    this.#finish({ status: 'cancelled', reason });
    this.#abort.abort();
  }

  /** Stops the responder without sending anything, because the socket has closed. */
  abandon(): void {
    this.#ended = true;
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    const { responder, request, sink } = this.#setup;
    try {
      for await (const event of responder.respond(request, this.#abort.signal)) {
        if (this.#ended) return;
        await this.#deliver(event);
        await sink.drained();
      }
      this.#finish({ status: 'completed' });
    } catch (error) {
      const isExpected = error instanceof ResponderError || error instanceof RequestError;
      this.#finish(endingOf(error), isExpected ? undefined : error);
    }
  }

  async #deliver(event: ResponderEvent): Promise<void> {
    if (event.type === 'audio') return this.#deliverAudio(event.pcm);
    if (event.type === 'detected') {
      this.#detected = event.language;
      return;
    }
    if (event.delta === '') return;
    const { maxOutputTokens, request } = this.#setup;
    if (maxOutputTokens !== 'inf' && tokensOfText(this.#text + event.delta) > maxOutputTokens) {
      this.#finish({ status: 'incomplete', reason: 'max_output_tokens' });
      this.#abort.abort();
      return;
    }
    this.#openItem();
    this.#text += event.delta;
    const type = request.output === 'audio' ? 'transcript.delta' : 'text.delta';
    this.#send({ type, ...this.#position, delta: event.delta });
  }

  async #deliverAudio(pcm: Buffer): Promise<void> {
    if (this.#setup.request.output !== 'audio' || pcm.length === 0) return;
    this.#openItem();
    this.#samples.push(pcm);
    this.#samplesBytes += pcm.length;
    while (this.#samplesBytes >= AUDIO_DELTA_BYTES && !this.#ended) {
      this.#sendAudio(AUDIO_DELTA_BYTES);
      await this.#setup.sink.drained();
    }
  }

  #sendAudio(bytes: number): void {
    const held =
      this.#samples.length === 1 && this.#samples[0] ? this.#samples[0] : Buffer.concat(this.#samples);
    const rest = held.subarray(bytes);
    this.#samples = rest.length === 0 ? [] : [rest];
    this.#samplesBytes = rest.length;
    if (this.#audioBytes === 0) this.#setup.onFirstAudio();
    this.#audioBytes += bytes;
    this.#send({ type: 'audio.delta', ...this.#position, audio: held.subarray(0, bytes) });
  }

  /** The item and its part are created at the first delta, so that a response that fails earlier has no output. */
  #openItem(): void {
    if (this.#opened) return;
    const item = { id: this.#position.itemId, role: 'assistant', status: 'in_progress', parts: [] } as const;
    const placed = this.#setup.store?.conversation.add(item);
    this.#opened = true;
    this.#send({ type: 'output.added', responseId: this.id, outputIndex: 0, item });
    if (placed) this.#send({ type: 'item.added', ...placed });
    this.#send({ type: 'part.added', ...this.#position, part: this.#part('') });
  }

  /** Ends the response; later calls have no effect. */
  #finish(ending: Ending, fault?: unknown): void {
    if (this.#ended) return;
    if (ending.status === 'completed') this.#openItem();
    if (this.#samplesBytes > 0) this.#sendAudio(this.#samplesBytes);
    this.#ended = true;
    if (this.#opened) this.#closeItem(this.#item(ending));
    this.#setup.onEnd(fault);
    this.#send({ type: 'response.finished', response: this.#view(ending) });
    this.#send({
      type: 'limits',
      limits: [{ name: 'tokens', limit: 50_000, remaining: 50_000, resetSeconds: 0 }],
    });
  }

  #closeItem(item: Item & { id: string }): void {
    const { store, request } = this.#setup;
    const place = this.#position;
    if (request.output === 'audio') {
      this.#send({ type: 'audio.done', ...place });
      this.#send({ type: 'transcript.done', ...place, text: this.#text });
    } else {
      this.#send({ type: 'text.done', ...place, text: this.#text });
    }
    this.#send({ type: 'part.done', ...place, part: this.#part(this.#text) });
    if (store) {
      store.conversation.replace(item, pcmDurationMs(this.#audioBytes));
      this.#send({ type: 'item.done', item, previousItemId: store.conversation.previousOf(item.id) });
    }
    this.#send({ type: 'output.done', responseId: this.id, outputIndex: 0, item });
  }

  /** What came with the request, and the detected language once it is known, where there is room for it. */
  #metadata(): Readonly<Record<string, string>> {
    const { metadata } = this.#setup.request;
    const isFull = Object.keys(metadata).length >= MAX_METADATA;
    if (this.#detected === undefined || isFull) return metadata;
    return { ...metadata, detected_language: this.#detected };
  }

  #item(ending: Ending): Item & { id: string } {
    const status = ending.status === 'completed' ? 'completed' : 'incomplete';
    return { id: this.#position.itemId, role: 'assistant', status, parts: [this.#part(this.#text)] };
  }

  #part(text: string): Part {
    return this.#setup.request.output === 'audio'
      ? { type: 'audio', transcript: text }
      : { type: 'text', text };
  }

  #view(ending: Ending | { status: 'in_progress' }): ResponseView {
    const { request, store, voice, maxOutputTokens } = this.#setup;
    const view = {
      id: this.id,
      metadata: this.#metadata(),
      conversationId: store?.id ?? null,
      outputKind: request.output,
      outputFormat: 'pcm16' as const,
      voice,
      maxOutputTokens,
    };
    if (ending.status === 'in_progress') return { ...view, status: 'in_progress', output: [] };
    const answer = { text: this.#text, audioBytes: this.#audioBytes };
    return {
      ...view,
      ...ending,
      output: this.#opened ? [this.#item(ending)] : [],
      usage: estimateUsage(request.instructions, request.items, answer),
    };
  }

  #send(event: ServerEvent): void {
    this.#setup.sink.send(event);
  }
}

function endingOf(error: unknown): Ending {
  if (error instanceof ResponderError && error.status === 'incomplete') {
    return { status: 'incomplete', reason: error.code };
  }
  if (error instanceof ResponderError || error instanceof RequestError) {
    return { status: 'failed', error: { code: error.code, message: error.message } };
  }
  return { status: 'failed', error: { code: 'server_error', message: 'The server had an error.' } };
}
