/** Server-sent events: one answer that grows, at the pace of its reader. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TranslationEvent, TranslationResult } from '../../translate/translate.js';
import { audioBody, resultBody } from './responses.js';
import { ClientDisconnected } from '../middleware/request-context.js';
import { toGatewayError } from '../error-handler.js';
import { toProblem } from '../problem.js';

export interface EventStreamTiming {
  readonly heartbeatMs: number;
  readonly stalledReaderMs: number;
}

/** One open stream. Headers go out with the first event. */
class EventStream {
  readonly #res: ServerResponse;
  readonly #stalledReaderMs: number;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(res: ServerResponse, timing: EventStreamTiming) {
    this.#res = res;
    this.#stalledReaderMs = timing.stalledReaderMs;
    res.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    });
    this.#heartbeat = setInterval(() => {
      if (!res.writableNeedDrain) res.write(': heartbeat\n\n');
    }, timing.heartbeatMs);
  }

  /**
   * Resolves once the reader is ready for more.
   *
   * @throws ClientGone when the reader left, or takes nothing any more.
   */
  async send(event: string, data: object): Promise<void> {
    if (this.#res.destroyed) throw new ClientDisconnected();
    if (!this.#res.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)) await this.#drained();
  }

  end(): void {
    clearInterval(this.#heartbeat);
    this.#res.end();
  }

  #drained(): Promise<void> {
    const res = this.#res;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(stalled);
        res.off('drain', settle);
        res.off('close', settle);
        if (res.destroyed) reject(new ClientDisconnected());
        else resolve();
      };
      const stalled = setTimeout(() => {
        res.destroy();
      }, this.#stalledReaderMs);
      res.on('drain', settle);
      res.on('close', settle);
    });
  }
}

/**
 * Passes a translation on as it comes. What fails before it has started is only thrown, for it can still be told as a
 * plain problem; what fails later is told by the stream's `error` event and thrown all the same.
 *
 * @param translate runs the translation, and tells its events.
 */
export async function streamTranslation(
  req: IncomingMessage,
  res: ServerResponse,
  translate: (tell: (event: TranslationEvent) => Promise<void>) => Promise<TranslationResult>,
  wantsAudio: boolean,
  timing: EventStreamTiming,
): Promise<TranslationResult> {
  const { id } = req.context;
  let stream: EventStream | undefined;
  const open = (): EventStream => (stream ??= new EventStream(res, timing));
  try {
    const result = await translate((event) => sendEvent(open(), event, id));
    const spoken = wantsAudio ? audioBody(result.audio ?? Buffer.alloc(0)) : undefined;
    await open().send('translation.done', resultBody(result, id, spoken));
    return result;
  } catch (error) {
    if (stream !== undefined && !(error instanceof ClientDisconnected)) {
      await stream.send('error', toProblem(toGatewayError(error), id));
    }
    throw error;
  } finally {
    stream?.end();
  }
}

function sendEvent(stream: EventStream, event: TranslationEvent, requestId: string): Promise<void> {
  switch (event.type) {
    case 'started':
      return stream.send('translation.started', { connectId: event.connectId, requestId });
    case 'text':
      return stream.send('translation.text.delta', { delta: event.delta });
    case 'audio':
      return stream.send('translation.audio.delta', { base64: event.pcm.toString('base64') });
  }
}
