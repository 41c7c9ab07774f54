/** Time to the first delta: what the cascade adds to the chat server's own first token. */
import { alternate, median, pairwise } from '../measure.js';
import type { Entry } from '../table.js';
import type { Latencies } from '../load/latencies.js';
import { HEADERS, makeSession, SENTENCE } from './client.js';
import type { Part } from './part.js';

/** How long the imitated model thinks before its first token. */
const FIRST_TOKEN_MS = 40;
/** Streams of each side in one round. */
const STREAMS = 20;

export const cascade: Part = async (testBed, pace) => {
  const chat = await testBed.baseline('chat', { FIRST_TOKEN_MS: String(FIRST_TOKEN_MS) }, 'rest');
  const load = await testBed.load();
  const env = { REALTIME_PROVIDER: 'cascade', TRANSLATOR_URL: `${chat.url}/v1`, TRANSLATOR_MODEL: 'bench' };
  const service = await testBed.service({ upstream: 'ws://127.0.0.1:1', env });
  const connectId = await makeSession(service.url, { target: 'es' });
  const count = Math.max(1, Math.round(STREAMS * pace.scale));
  const repeated = (body: object): object[] => Array.from({ length: count }, () => body);
  const through = (): Promise<Latencies> =>
    load.call('stream', {
      url: `${service.url}/api/realtime/translate`,
      headers: HEADERS,
      bodies: repeated({ text: SENTENCE, connectId, stream: true }),
    });
  const directly = (): Promise<Latencies> =>
    load.call('stream', {
      url: `${chat.url}/v1/chat/completions`,
      headers: HEADERS,
      bodies: repeated({ model: 'bench', messages: [{ role: 'user', content: SENTENCE }], stream: true }),
      marks: { delta: '"content":', done: 'data: [DONE]' },
    });
  await alternate(1, { through, directly });
  const results = await alternate(pace.rounds, { through, directly });
  const p50 = (rounds: readonly Latencies[]): string => median(rounds.map((round) => round.p50)).toFixed(1);
  const entries: Entry[] = [
    {
      measure: `first delta by SSE through the cascade, first token after ${FIRST_TOKEN_MS} ms`,
      against: 'the chat server asked directly',
      figures: pairwise(results.through, results.directly, (ours, theirs) => ours.p50 - theirs.p50),
      unit: 'ms',
      aim: { atMost: 5 },
      note: `${p50(results.through)} ms, the chat server directly ${p50(results.directly)} ms`,
    },
  ];
  return entries;
};
