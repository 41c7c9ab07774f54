/** Sessions: made, used from any node, listed, hidden from strangers, deleted while a translation runs. */
import { Failure, WrongAnswer } from './ledger.js';
import { answerTo } from './question.js';
import { checkText, TRANSLATE, type Translated } from './texts.js';
import { expectJson, expectProblem, failureOf, type Trip } from './trip.js';
import { pause } from './pause.js';

const SESSIONS = '/api/realtime/sessions';

interface Session {
  readonly connectId: string;
  readonly requests: number;
}

async function make(trip: Trip): Promise<string> {
  const made = await trip.post(SESSIONS, { source: 'en', target: 'es', ttlMs: 60_000 });
  return (expectJson(made, 201) as Session).connectId;
}

export async function usedSession(trip: Trip): Promise<string> {
  const connectId = await make(trip);
  const turns = trip.random.between(1, 3);
  for (let turn = 0; turn < turns; turn += 1) {
    const text = trip.words(8);
    const translated = expectJson(await trip.post(TRANSLATE, { text, connectId })) as Translated;
    checkText(text, translated.text);
    if (translated.connectId !== connectId) throw new WrongAnswer(`${translated.connectId} for ${connectId}`);
  }
  const shown = expectJson(await trip.ask(`${SESSIONS}/${connectId}`)) as Session;
  if (shown.requests !== turns)
    throw new Failure('miscounted', `${shown.requests} requests instead of ${turns}`);
  const { sessions } = expectJson(await trip.ask(`${SESSIONS}?limit=200`)) as { sessions: Session[] };
  if (!sessions.some((session) => session.connectId === connectId))
    throw new WrongAnswer(`${connectId} is not listed`);
  const strangers = { headers: { 'x-api-key': trip.strangersKey } };
  expectProblem(await trip.ask(`${SESSIONS}/${connectId}`, strangers), 'session-not-found');
  expectProblem(await trip.post(TRANSLATE, { text: 'x', connectId, target: 'fr' }), 'session-conflict');
  await remove(trip, connectId);
  return 'ok';
}

async function remove(trip: Trip, connectId: string): Promise<void> {
  const removed = await trip.ask(`${SESSIONS}/${connectId}`, { method: 'DELETE' });
  if (removed.status !== 204) throw failureOf(removed);
}

/** The translation has not ended by then, and says that its session is closed. */
export async function deletedSession(trip: Trip): Promise<string> {
  const connectId = await make(trip);
  const text = `!slow ${trip.words(20)}`;
  const running = trip.post(TRANSLATE, { text, connectId });
  // Looked at below, whatever becomes of the deletion.
  running.catch(() => undefined);
  await pause(trip.random.between(20, 250));
  await remove(trip, connectId);
  const { partial = '' } = expectProblem(await running, 'session-closed', 'session-not-found');
  if (!answerTo(text).startsWith(partial)) throw new WrongAnswer(`asked ${text}; got in part ${partial}`);
  expectProblem(await trip.ask(`${SESSIONS}/${connectId}`, { method: 'DELETE' }), 'session-not-found');
  return 'session-closed';
}
