/** One response under way: what the responder says, told in the protocol's order of events. */
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

/** Where a session's events go. */
export interface EventSink {
  send(event: ServerEvent): void;
  /** Undefined while the reader keeps up; else settles when it has caught up or gone. */
  drained(): Promise<void> | undefined;
}

export interface ResponseSetup {
  readonly request: ResponderRequest;
  readonly responder: Responder;
  readonly sink: EventSink;
  /** Its name, as views show it. */
  readonly voice: string;
  /** The default conversation with its id, where the answer is to be stored; absent when out-of-band. */
  readonly store: { readonly id: string; readonly conversation: ConversationItems } | undefined;
  /** Counted in tokens of text. */
  readonly maxOutputTokens: number | 'inf';
  /** Called with the first samples, from which on the voice is fixed. */
  readonly onFirstAudio: () => void;
  /** Called once, before the last event is sent. `fault` is what the responder threw unforeseen. */
  readonly onEnd: (fault?: unknown) => void;
}

interface Ending {
  readonly status: Exclude<ResponseStatus, 'in_progress'>;
  readonly reason?: string;
  readonly error?: { code: string; message: string };
}

/** 200 ms of samples, the size of the real server's later deltas. */
const AUDIO_DELTA_BYTES = 200 * BYTES_PER_MS;

export class RunningResponse {
  readonly #setup: ResponseSetup;
  readonly #abort = new AbortController();
  readonly #position: ContentPosition;
  #opened = false;
  #ended = false;
  #text = '';
  #audioBytes = 0;
  /** Samples short of a whole delta. */
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

  /** Announces itself before it returns, then goes on by itself; it never rejects. */
  start(): void {
    this.#send({ type: 'response.started', response: this.#view({ status: 'in_progress' }) });
    void this.#run();
  }

  /** Ends it now, whatever the responder is doing. */
  cancel(reason: 'client_cancelled' | 'turn_detected'): void {
    this.#finish({ status: 'cancelled', reason });
    this.#abort.abort();
  }

  /** Nobody listens any more: stops the responder and says nothing. */
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
      const foreseen = error instanceof ResponderError || error instanceof RequestError;
      this.#finish(endingOf(error), foreseen ? undefined : error);
    }
  }

  async #deliver(event: ResponderEvent): Promise<void> {
    if (event.type === 'audio') return this.#deliverAudio(event.pcm);
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

  /** The item and its part exist from the first delta on, so that a response which fails before has no output. */
  #openItem(): void {
    if (this.#opened) return;
    const item = { id: this.#position.itemId, role: 'assistant', status: 'in_progress', parts: [] } as const;
    const placed = this.#setup.store?.conversation.add(item);
    this.#opened = true;
    this.#send({ type: 'output.added', responseId: this.id, outputIndex: 0, item });
    if (placed) this.#send({ type: 'item.added', ...placed });
    this.#send({ type: 'part.added', ...this.#position, part: this.#part('') });
  }

  /** The first call ends the response; later ones have no effect. */
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
      metadata: request.metadata,
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
