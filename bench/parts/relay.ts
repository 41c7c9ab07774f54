/** Voice conversations: what a frame costs on its way through the service, and through a proxy that looks at nothing. */
import { inTurn, median, pairwise } from '../measure.js';
import { hasNginx } from '../nginx.js';
import type { ConversationLoad } from '../load/conversations.js';
import type { Latencies } from '../load/latencies.js';
import type { Entry } from '../table.js';
import { HEADERS } from './client.js';
import type { Part } from './part.js';
import { watched, type Busy } from './watched.js';

const CONVERSATIONS = 100;

export const relay: Part = async (stage, pace) => {
  const measure = `voice relay, ${CONVERSATIONS} conversations`;
  if (!hasNginx())
    return [{ measure, skipped: 'nginx cannot be started; install it (apt-get install nginx)' }];
  const { urls } = await stage.upstream();
  const load = await stage.load();
  const room = String(2 * CONVERSATIONS);
  const service = await stage.service({
    upstream: urls.replay,
    env: { RELAY_MAX: room, RELAY_MAX_PER_CLIENT: room },
  });
  const nginx = await stage.nginx(urls.replay);
  const conversations = Math.max(2, Math.round(CONVERSATIONS * pace.scale));
  const addresses = {
    service: { target: service, url: `${service.url}/realtime-voice`, headers: HEADERS },
    nginx: { target: nginx, url: `${nginx.url}/v1/realtime`, headers: {} },
  };
  const side = (name: keyof typeof addresses, how: ConversationLoad['pace'], durationMs: number) => {
    const { target, url, headers } = addresses[name];
    return (): Promise<Busy> =>
      watched(target, (): Promise<Latencies> =>
        load.call('converse', { url, headers, conversations, durationMs, pace: how }),
      );
  };
  const sides = (how: ConversationLoad['pace'], durationMs: number) => ({
    service: side('service', how, durationMs),
    nginx: side('nginx', how, durationMs),
  });
  await inTurn(1, sides('flat-out', pace.warmMs));
  const flatOut = await inTurn(pace.rounds, sides('flat-out', pace.roundMs));
  const paced = await inTurn(pace.rounds, sides('paced', pace.roundMs));
  const entries: Entry[] = [
    {
      measure: `${measure}, frames/s`,
      against: 'nginx as WebSocket proxy before the same upstream',
      figures: pairwise(flatOut.service, flatOut.nginx, (ours, theirs) => ours.perSecond / theirs.perSecond),
      unit: '×',
      aim: { atLeast: 0.7 },
      note: `${told(flatOut.service)} against ${told(flatOut.nginx)}`,
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

function told(rounds: readonly Busy[]): string {
  const of = (pick: (round: Busy) => number): string => median(rounds.map(pick)).toFixed(0);
  return `${of((round) => round.perSecond)}/s with ${of((round) => round.cpuMsPerRequest * 1000)} µs of CPU each, the opening of its conversation included`;
}

function p50(rounds: readonly Latencies[]): string {
  return median(rounds.map((round) => round.p50)).toFixed(2);
}
