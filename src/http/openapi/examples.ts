/** Examples of requests and responses in the OpenAPI document. */
import type { z } from 'zod';
import type { jobResponse, sessionResponse, waveformResponse } from './responses.js';

const connectId = '6f9619ff8b86d011b42d00cf4fc964ff';

export const textExample = { text: 'Good morning, my friend.', source: 'en', target: 'es' };

export const originalExample = { question: 'Good morning, my friend.', prompt: 'Translate into Spanish.' };

export const sessionInputExample = { source: 'en', target: 'es', ttlMs: 600_000 };

export const translationExample = {
  connectId,
  text: 'Buenos días, mi amigo.',
  responses: ['Buenos días, mi amigo.'],
  source: 'en',
  target: 'es',
  usage: { inputTokens: 41, outputTokens: 6, totalTokens: 47 },
  model: 'gpt-realtime-2.1',
  requestId: 'f3b5c7a2-5d0e-4a6e-9a39-0d1c8a2b7e11',
  timings: { queueMs: 0, upstreamMs: 310, firstDeltaMs: 120 },
};

export const originalTranslationExample = { data: { connectId, responses: ['Buenos días, mi amigo.'] } };

export const sessionExample = {
  connectId,
  createdAt: '2026-01-31T08:00:00.000Z',
  lastUsedAt: '2026-01-31T08:00:00.000Z',
  expiresAt: '2026-01-31T08:30:00.000Z',
  requests: 0,
  source: 'en',
  target: 'es',
  voice: null,
  prompt: 'Translate what I say from English into Spanish.',
} satisfies z.input<typeof sessionResponse>;

export const ticketExample = {
  ticket: 'Zk3nV0bq8mJt2XwYc5RrLh7uPd1sGaQe',
  expiresAt: '2026-01-31T08:00:30.000Z',
};

export const jobExample = {
  jobId: '019c1337a2b00f1e2d3c4b5a69788796',
  state: 'completed',
  createdAt: '2026-01-31T08:00:00.000Z',
  startedAt: '2026-01-31T08:00:00.100Z',
  finishedAt: '2026-01-31T08:02:11.000Z',
  expiresAt: '2026-02-07T08:00:00.000Z',
  durationMs: 3_600_000,
  processedMs: 3_600_000,
  segments: 412,
  failedSegments: 0,
  source: 'en',
  targets: ['es'],
  results: [
    {
      target: 'es',
      format: 'srt',
      href: '/api/realtime/jobs/019c1337a2b00f1e2d3c4b5a69788796/result?format=srt&target=es&subtitles=target',
    },
  ],
} satisfies z.input<typeof jobResponse>;

export const waveformExample = {
  durationMs: 400,
  peaksPerSecond: 20,
  peaks: [0, 2, 118, 190, 171, 64, 9, 0],
  sound: {
    href: '/api/realtime/jobs/019c1337a2b00f1e2d3c4b5a69788796/sound?untilMs=400',
    expiresAt: '2026-01-31T20:00:00.000Z',
  },
} satisfies z.input<typeof waveformResponse>;
