/** Voice conversations: the cost of a frame through the service and through a proxy that does not parse it. */
import { alternate, median, pairwise } from '../measure.js';
import { hasNginx } from '../nginx.js';
import type { ConversationLoad } from '../load/conversations.js';
import type { Latencies } from '../load/latencies.js';
import type { Entry } from '../table.js';
import { HEADERS } from './client.js';
import type { Part } from './part.js';
import { withCpu, type WithCpu } from './with-cpu.js';

const CONVERSATIONS = 100;

export const relay: Part = async (testBed, pace) => {
  const measure = `voice relay, ${CONVERSATIONS} conversations`;
  if (!hasNginx())
    return [{ measure, skipped: 'nginx cannot be started; install it (apt-get install nginx)' }];
  const { urls } = await testBed.upstream();
  const load = await testBed.load();
  const limit = String(2 * CONVERSATIONS);
  const service = await testBed.service({
    upstream: urls.replay,
    env: { RELAY_MAX: limit, RELAY_MAX_PER_CLIENT: limit },
  });
  const nginx = await testBed.nginx(urls.replay);
  const conversations = Math.max(2, Math.round(CONVERSATIONS * pace.scale));
  const addresses = {
    service: { target: service, url: `${service.url}/realtime-voice`, headers: HEADERS },
    nginx: { target: nginx, url: `${nginx.url}/v1/realtime`, headers: {} },
  };
  const side = (name: keyof typeof addresses, how: ConversationLoad['pace'], durationMs: number) => {
    const { target, url, headers } = addresses[name];
    return (): Promise<WithCpu> =>
      withCpu(target, (): Promise<Latencies> =>
        load.call('converse', { url, headers, conversations, durationMs, pace: how }),
      );
  };
  const sides = (how: ConversationLoad['pace'], durationMs: number) => ({
    service: side('service', how, durationMs),
    nginx: side('nginx', how, durationMs),
  });
  await alternate(1, sides('flat-out', pace.warmMs));
  const flatOut = await alternate(pace.rounds, sides('flat-out', pace.roundMs));
  const paced = await alternate(pace.rounds, sides('paced', pace.roundMs));
  const entries: Entry[] = [
    {
      measure: `${measure}, frames/s`,
      against: 'nginx as WebSocket proxy before the same upstream',
      figures: pairwise(flatOut.service, flatOut.nginx, (ours, theirs) => ours.perSecond / theirs.perSecond),
      unit: '×',
      aim: { atLeast: 0.7 },
      note: `${rateText(flatOut.service)} against ${rateText(flatOut.nginx)}`,
    },
    {
      measure: `${measure} in real time, p50 of a frame`,
      against: 'nginx as WebSocket proxy before the same upstream',
      figures: pairwise(paced.service, paced.nginx, (ours, theirs) => ours.p50 / theirs.p50),
      unit: '×',
      aim: { atMost: 1.5 },
      note: `${p50(paced.service)} ms against ${p50(paced.nginx)} ms`,
    },
  ];
  return entries;
};

function rateText(rounds: readonly WithCpu[]): string {
  const of = (pick: (round: WithCpu) => number): string => median(rounds.map(pick)).toFixed(0);
  return `${of((round) => round.perSecond)}/s with ${of((round) => round.cpuMsPerRequest * 1000)} µs of CPU each, the opening of its conversation included`;
}

function p50(rounds: readonly Latencies[]): string {
  return median(rounds.map((round) => round.p50)).toFixed(2);
}
