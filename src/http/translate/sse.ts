/** Server-sent events: the translation as it arrives, at the pace of its reader. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RecordingEvent } from '../../recordings/recording-request.js';
import { audioBody, resultBody } from './responses.js';
import { ClientDisconnected } from '../middleware/request-context.js';
import { toGatewayError } from '../error-handler.js';
import { toProblem } from '../problem.js';
import { drained } from '../drained.js';
import type { FrontRequest, FrontResponse } from './front.js';

export interface EventStreamTiming {
  readonly heartbeatMs: number;
  readonly stalledReaderMs: number;
}

/** An open stream. Its headers are sent with the first event. */
export class EventStream {
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
   * @param id a reader that comes again sends the last one as `Last-Event-ID`.
   * @throws ClientDisconnected when the reader has left, or has read nothing for `stalledReaderMs`.
   */
  async send(event: string, data: object, id?: number): Promise<void> {
    if (this.#res.destroyed) throw new ClientDisconnected();
    const first = id === undefined ? '' : `id: ${id}\n`;
    if (!this.#res.write(`${first}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`))
      await drained(this.#res, this.#stalledReaderMs);
  }

  end(): void {
    clearInterval(this.#heartbeat);
    this.#res.end();
  }
}

/** The stream opens with the first event; what fails before that is answered by a plain problem. */
export function respondWithEvents(
  req: IncomingMessage,
  res: ServerResponse,
  request: FrontRequest,
  timing: EventStreamTiming,
): FrontResponse {
  const { id } = req.context;
  let stream: EventStream | undefined;
  const open = (): EventStream => (stream ??= new EventStream(res, timing));
  return {
    onEvent: (event) => sendEvent(open(), event, id),
    send: async (result) => {
      const audio = request.output === 'audio' ? audioBody(result.audio ?? Buffer.alloc(0)) : undefined;
      await open().send('translation.done', await resultBody(result, id, request, audio));
      open().end();
    },
    fail: async (error) => {
      try {
        if (!(error instanceof ClientDisconnected)) {
          await stream?.send('error', toProblem(toGatewayError(error), id));
        }
      } finally {
        stream?.end();
      }
    },
  };
}

function sendEvent(stream: EventStream, event: RecordingEvent, requestId: string): Promise<void> {
  switch (event.type) {
    case 'started':
      return stream.send('translation.started', { connectId: event.connectId, requestId });
    case 'text':
      return stream.send('translation.text.delta', { delta: event.delta });
    case 'audio':
      return stream.send('translation.audio.delta', { base64: event.pcm.toString('base64') });
    case 'segment': {
      const { index, startMs, endMs, text, source, target } = event.segment;
      const [start, end] = [startMs / 1000, endMs / 1000];
      return stream.send('translation.segment', { index, start, end, text, source, target });
    }
    case 'progress':
      return stream.send('translation.progress', {
        processedMs: event.processedMs,
        totalMs: event.totalMs,
      });
  }
}
