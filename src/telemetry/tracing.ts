/** Spans, by OpenTelemetry's API alone: without an SDK in the process none of this does anything. Never text or audio. */
import {
  context,
  isSpanContextValid,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import type { IncomingHttpHeaders } from 'node:http';

export type { Attributes };

/** Where a span hangs: the request that was being answered. */
export type TraceContext = Context;

/** A step that is over. */
export interface SpanRecord {
  readonly name: string;
  /** Milliseconds on the clock of `performance.now()`. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** At whom it was directed; absent: nobody outside. */
  readonly isCall?: boolean;
  readonly attributes?: Attributes;
  /** The code of its failure, if it failed. */
  readonly error?: string | undefined;
}

/** The span of one request; ends once. */
export interface ServerSpan {
  /**
   * @param name of low cardinality, as `GET /health`; asked for only if somebody listens, like the attributes
   */
  end(name: () => string, attributes: () => Attributes, failed: boolean): void;
}

/** What is told where no SDK is in the process. */
const NO_SPAN: ServerSpan = { end: () => undefined };

export class Tracing {
  readonly #tracer: Tracer;

  /** @param version of the package, told as that of the instrumentation */
  constructor(version: string) {
    this.#tracer = trace.getTracer('realtime-translation-service', version);
  }

  /** Begins a request's span and runs `answer` inside. It continues the client's trace where there is one. */
  serve(headers: IncomingHttpHeaders, answer: (span: ServerSpan) => void): void {
    const here = context.active();
    // An instrumentation of node's own server has been here before us and read the headers already.
    const parent = trace.getSpan(here) === undefined ? propagation.extract(here, headers) : here;
    const span = this.#tracer.startSpan('request', { kind: SpanKind.SERVER }, parent);
    // A span that was not sampled has ids all the same, for those who come after it.
    if (!isSpanContextValid(span.spanContext())) {
      answer(NO_SPAN);
      return;
    }
    const end: ServerSpan['end'] = (name, attributes, failed) => {
      span.updateName(name()).setAttributes(attributes());
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    };
    context.with(trace.setSpan(parent, span), () => {
      answer({ end });
    });
  }

  activeContext(): TraceContext {
    return context.active();
  }

  /** Tells of steps after the fact, so that whoever takes them need not know of spans. Asks for them only if somebody listens. */
  record(place: TraceContext, steps: () => readonly SpanRecord[]): void {
    const parent: Span | undefined = trace.getSpan(place);
    if (parent?.isRecording() !== true) return;
    for (const { name, startedAt, endedAt, isCall = false, attributes = {}, error } of steps()) {
      const kind = isCall ? SpanKind.CLIENT : SpanKind.INTERNAL;
      const span = this.#tracer.startSpan(name, { kind, startTime: startedAt, attributes }, place);
      if (error !== undefined)
        span.setAttribute('error.type', error).setStatus({ code: SpanStatusCode.ERROR });
      span.end(endedAt);
    }
  }
}
