/** Spans, as an SDK in the process receives them. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import { encodeWav } from '../src/audio/wav/wav.js';
import { post, startBeforeScript } from './support/gateway.js';
import { requestFault } from './support/offline.js';
import { eventually } from './support/pool.js';

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/;

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const contexts = new AsyncLocalStorageContextManager();

let running: Awaited<ReturnType<typeof startBeforeScript>>;

beforeAll(() => {
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(contexts.enable());
  // Reads the W3C header as the SDK's propagator does, which is not among the packages of this project.
  propagation.setGlobalPropagator({
    inject: () => undefined,
    fields: () => ['traceparent'],
    extract: (into, carrier, getter) => {
      const [, traceId, spanId] = TRACEPARENT.exec(String(getter.get(carrier, 'traceparent'))) ?? [];
      if (traceId === undefined || spanId === undefined) return into;
      return trace.setSpanContext(into, { traceId, spanId, traceFlags: 1, isRemote: true });
    },
  });
});

afterAll(async () => {
  trace.disable();
  context.disable();
  propagation.disable();
  await provider.shutdown();
});

beforeEach(async () => {
  exporter.reset();
  running = await startBeforeScript({ RESPONSE_TIMEOUT_MS: '5000' });
});
afterEach(() => running.close());

/** The spans of one request, by name, once the request's own span has ended. */
async function spansOf(requestId: string): Promise<Map<string, ReadableSpan>> {
  const root = (): ReadableSpan | undefined =>
    exporter.getFinishedSpans().find(({ attributes }) => attributes['request.id'] === requestId);
  await eventually(() => root() !== undefined);
  const traceId = root()?.spanContext().traceId;
  const own = exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
  return new Map(own.map((span) => [span.name, span]));
}

function ask(requestId: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return post(`${running.url}/api/realtime/translate`, body, {
    headers: { 'x-request-id': requestId, ...headers },
  });
}

const ROOT = 'POST /api/realtime/translate';

describe('a translation', () => {
  it('continues the trace of its client, with its stages as children', async () => {
    const traceId = 'a'.repeat(32);
    await ask(
      'r-1',
      { text: 'one two', source: 'en', target: 'es' },
      { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` },
    );
    const spans = await spansOf('r-1');
    expect([...spans.keys()].sort()).toEqual([ROOT, 'queue', 'upstream']);
    const root = spans.get(ROOT);
    expect(root?.spanContext().traceId).toBe(traceId);
    expect(root?.parentSpanContext?.spanId).toBe('b'.repeat(16));
    expect(root?.kind).toBe(SpanKind.SERVER);
    expect(root?.attributes).toMatchObject({
      'http.route': '/api/realtime/translate',
      'http.response.status_code': 200,
    });
    for (const name of ['queue', 'upstream']) {
      expect(spans.get(name)?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId);
    }
    expect(spans.get('upstream')?.kind).toBe(SpanKind.CLIENT);
    expect(spans.get('upstream')?.attributes).toMatchObject({
      'gen_ai.provider.name': 'compatible',
      'translation.source': 'en',
      'translation.target': 'es',
      'translation.attempts': 1,
      'gen_ai.usage.input_tokens': expect.any(Number),
      'gen_ai.usage.output_tokens': expect.any(Number),
    });
    expect(
      JSON.stringify([...spans.values()].map(({ attributes, events }) => [attributes, events])),
    ).not.toContain('one two');
  });

  it('of a recording has a span for its normalization', async () => {
    const form = new FormData();
    form.append('file', new Blob([encodeWav(Buffer.alloc(48_000, 3))]), 'a.wav');
    const answer = await fetch(`${running.url}/api/realtime/translate`, {
      method: 'POST',
      headers: { 'x-request-id': 'r-2' },
      body: form,
    });
    expect(answer.status).toBe(200);
    const spans = await spansOf('r-2');
    expect([...spans.keys()].sort()).toEqual([ROOT, 'normalize', 'queue', 'upstream']);
    expect(spans.get('normalize')?.attributes['translation.input_audio_ms']).toBeGreaterThan(0);
  });

  it('that fails has an error in the span of the step that failed, and in its own', async () => {
    running.script.requests.next(requestFault.drop(2), 2);
    expect((await ask('r-3', { text: 'one two three four' })).status).toBe(502);
    const spans = await spansOf('r-3');
    expect(spans.get(ROOT)?.status.code).toBe(SpanStatusCode.ERROR);
    expect(spans.get(ROOT)?.attributes['error.type']).toBe('translation-incomplete');
    expect(spans.get('upstream')?.status.code).toBe(SpanStatusCode.ERROR);
    expect(spans.get('upstream')?.attributes).toMatchObject({
      'error.type': 'translation-incomplete',
      'translation.upstream_cause': 'close-1006',
    });
    expect(spans.get('queue')?.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('is not mixed up with concurrent ones', async () => {
    const ids = Array.from({ length: 40 }, (_, number) => `many-${number}`);
    running.script.requests.when(() => true, requestFault.slow({ firstMs: 5, betweenMs: 1 }));
    await Promise.all(ids.map((id) => ask(id, { text: `sentence of ${id}`, target: 'es' })));
    const traces = new Set<string>();
    for (const id of ids) {
      const spans = await spansOf(id);
      expect([...spans.keys()].sort()).toEqual([ROOT, 'queue', 'upstream']);
      traces.add(spans.get(ROOT)?.spanContext().traceId ?? '');
    }
    expect(traces.size).toBe(ids.length);
    expect(exporter.getFinishedSpans()).toHaveLength(3 * ids.length);
  });
});
