/** Text at each level of isolation, before the imitation of a server that needs it, beside `reference`. */
import type { Latencies } from '../load/latencies.js';
import { imitations, type ImitationName } from '../../src/offline/server/like/imitations.js';
import { alternate, median, pairwise } from '../measure.js';
import type { Target } from '../test-bed.js';
import type { Entry } from '../table.js';
import { makeSessions } from './client.js';
import type { Part } from './part.js';
import { textLoad } from './text.js';

const CLIENTS = 64;
const LEVELS = [
  ['openai', 'reference'],
  ['voicelive', 'inline'],
  ['hf', 'inline'],
  ['localai', 'sweep'],
  ['speaches', 'sweep'],
  ['localai', 'fresh'],
] as const satisfies readonly (readonly [ImitationName, string])[];

export const isolation: Part = async (testBed, pace) => {
  const load = await testBed.load();
  const count = Math.max(1, Math.round(CLIENTS * pace.scale));
  const rounds = new Map<string, { one: Latencies[]; many: Latencies[] }>();
  for (const [like, level] of LEVELS) {
    const server = await testBed.baseline('imitation', { LIKE: like }, 'rest');
    const env = { REALTIME_DIALECT: imitations[like].dialect.name, REALTIME_ISOLATION: level };
    const service: Target = await testBed.service({ upstream: server.url, env });
    const ids = await makeSessions(service.url, count);
    const side = (clients: number) => () =>
      load.call('request', textLoad(service, ids.slice(0, clients), pace.roundMs));
    await side(count)();
    rounds.set(`${like} at ${level}`, await alternate(pace.rounds, { one: side(1), many: side(count) }));
    await Promise.all([service.stop(), server.stop()]);
  }
  const [reference] = rounds.values();
  const entries: Entry[] = [...rounds].map(([name, { one, many }]) => ({
    measure: `text, ${CLIENTS} clients, requests/s, ${name}`,
    against: 'openai at reference',
    figures: pairwise(many, reference?.many ?? many, (ours, theirs) => ours.perSecond / theirs.perSecond),
    unit: '×',
    note: `${median(many.map((round) => round.perSecond)).toFixed(0)}/s; one client p50 ${median(one.map((round) => round.p50)).toFixed(2)} ms, the imitation's own time included`,
  }));
  return entries;
};
