/** Memory of translations in flight and of idle sessions. */
import type { Entry } from '../table.js';
import { ANSWER, HEADERS, makeSessions, SENTENCE } from './client.js';
import type { Part } from './part.js';

const IN_FLIGHT = 1_000;
const SESSIONS = 10_000;
/** Sessions that are created at the same time. */
const AT_A_TIME = 50;

export const memory: Part = async (testBed, pace) => {
  const { urls, remote } = await testBed.upstream();
  const load = await testBed.load();
  const inFlight = Math.max(10, Math.round(IN_FLIGHT * pace.scale));
  const sessions = Math.max(10, Math.round(SESSIONS * pace.scale));
  const env = { POOL_MAX_SOCKETS: '16', POOL_MAX_PER_SOCKET: '64', POOL_MAX_WAITING: '1000' };

  const busy = await testBed.service({ upstream: urls.scripted, env });
  await remote.call('hold');
  const waiting = load.call('request', {
    url: `${busy.url}/api/realtime/translate`,
    headers: HEADERS,
    bodies: Array.from({ length: inFlight }, () => ({ json: { text: SENTENCE } })),
    expected: ANSWER,
    durationMs: 0,
  });
  await Promise.race([remote.call('untilHeld', inFlight), waiting]);
  const residentMb = await busy.residentMb();
  await remote.call('release');
  const { count } = await waiting;

  const quiet = await testBed.service({ upstream: urls.replay, withMemoryProbe: true });
  // The first sessions also pay for compiled code and a grown heap, which is not the cost of a session.
  await makeMany(quiet.url, sessions);
  const before = await quiet.liveMb();
  await makeMany(quiet.url, sessions);
  const after = await quiet.liveMb();
  const entries: Entry[] = [
    {
      measure: `${IN_FLIGHT} translations in flight, resident memory`,
      against: '–',
      figures: [residentMb],
      unit: 'MB',
      aim: { below: 300 },
      note: `${inFlight} held by the upstream at the same time, ${count} answered after their release`,
    },
    {
      measure: `${IN_FLIGHT} translations in flight, lost`,
      against: '–',
      figures: [100 * (1 - count / inFlight)],
      unit: '%',
      aim: { atMost: 0 },
    },
    {
      measure: `${SESSIONS} sessions more, memory that is held after a collection`,
      against: `the same service with ${SESSIONS} sessions`,
      figures: [after - before],
      unit: 'MB',
      aim: { below: 40 },
      note: `${before.toFixed(0)} MB before, ${after.toFixed(0)} MB after`,
    },
  ];
  return entries;
};

export async function makeMany(url: string, count: number): Promise<string[]> {
  const connectIds: string[] = [];
  while (connectIds.length < count) {
    const size = Math.min(AT_A_TIME, count - connectIds.length);
    connectIds.push(...(await makeSessions(url, size, { source: 'en', target: 'es' })));
  }
  return connectIds;
}
