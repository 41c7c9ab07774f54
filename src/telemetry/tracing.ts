/** Tracing by the OpenTelemetry API: without an SDK in the process it does nothing. No span holds text or audio. */
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

/** The parent of a span: the request that was being handled. */
export type TraceContext = Context;

/** A completed step. */
export interface SpanRecord {
  readonly name: string;
  /** Milliseconds on the clock of `performance.now()`. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** True if it was a call to another service. */
  readonly isCall?: boolean;
  readonly attributes?: Attributes;
  /** The error code, if it failed. */
  readonly error?: string | undefined;
}

/** The span of one request; ends once. */
export interface ServerSpan {
  /**
   * @param name of low cardinality, as `GET /health`; called only if a span is recorded, like `attributes`
   */
  end(name: () => string, attributes: () => Attributes, failed: boolean): void;
}

/** Without an SDK. */
const NO_SPAN: ServerSpan = { end: () => undefined };

export class Tracing {
  readonly #tracer: Tracer;

  /** @param version of the package, which is the version of the instrumentation */
  constructor(version: string) {
    this.#tracer = trace.getTracer('realtime-translation-service', version);
  }

  /** Starts the span of a request and runs `handler` inside it. It continues the client's trace if there is one. */
  serve(headers: IncomingHttpHeaders, handler: (span: ServerSpan) => void): void {
    const active = context.active();
    // An instrumentation of Node's HTTP server has read the headers already if there is a span.
    const parent = trace.getSpan(active) === undefined ? propagation.extract(active, headers) : active;
    const span = this.#tracer.startSpan('request', { kind: SpanKind.SERVER }, parent);
    // Without an SDK the ids are invalid. A span that is not sampled has valid ids, for its children.
    if (!isSpanContextValid(span.spanContext())) {
      handler(NO_SPAN);
      return;
    }
    const end: ServerSpan['end'] = (name, attributes, failed) => {
      span.updateName(name()).setAttributes(attributes());
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    };
    context.with(trace.setSpan(parent, span), () => {
      handler({ end });
    });
  }

  activeContext(): TraceContext {
    return context.active();
  }

  /** Records completed steps, so that the code that takes them need not know spans. Calls `steps` only if the parent is recorded. */
  record(parentContext: TraceContext, steps: () => readonly SpanRecord[]): void {
    const parent: Span | undefined = trace.getSpan(parentContext);
    if (parent?.isRecording() !== true) return;
    for (const { name, startedAt, endedAt, isCall = false, attributes = {}, error } of steps()) {
      const kind = isCall ? SpanKind.CLIENT : SpanKind.INTERNAL;
      const span = this.#tracer.startSpan(name, { kind, startTime: startedAt, attributes }, parentContext);
      if (error !== undefined)
        span.setAttribute('error.type', error).setStatus({ code: SpanStatusCode.ERROR });
      span.end(endedAt);
    }
  }
}
