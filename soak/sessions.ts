/** Sessions: created, used from any node, listed, hidden from other keys, deleted while a translation runs. */
import { Failure, WrongAnswer } from './results.js';
import { answerTo } from './oracle.js';
import { checkText, TRANSLATE, type Translated } from './texts.js';
import { expectJson, expectProblem, failureOf, type Scenario } from './scenario.js';
import { pause } from './pause.js';

const SESSIONS = '/api/realtime/sessions';
const MAX_COUNT_DELAY_MS = 1_000;

interface Session {
  readonly connectId: string;
  readonly requests: number;
}

async function create(scenario: Scenario): Promise<string> {
  const created = await scenario.post(SESSIONS, { source: 'en', target: 'es', ttlMs: 60_000 });
  return (expectJson(created, 201) as Session).connectId;
}

export async function sessionLifecycle(scenario: Scenario): Promise<string> {
  const connectId = await create(scenario);
  const turns = scenario.random.between(1, 3);
  for (let turn = 0; turn < turns; turn += 1) {
    const text = scenario.uniqueText(8);
    const translated = expectJson(await scenario.post(TRANSLATE, { text, connectId })) as Translated;
    checkText(text, translated.text);
    if (translated.connectId !== connectId) throw new WrongAnswer(`${translated.connectId} for ${connectId}`);
  }
  await expectCount(scenario, connectId, turns);
  const { sessions } = expectJson(await scenario.request(`${SESSIONS}?limit=200`)) as { sessions: Session[] };
  if (!sessions.some((session) => session.connectId === connectId))
    throw new WrongAnswer(`${connectId} is not listed`);
  const otherClient = { headers: { 'x-api-key': scenario.otherKey } };
  expectProblem(await scenario.request(`${SESSIONS}/${connectId}`, otherClient), 'session-not-found');
  expectProblem(await scenario.post(TRANSLATE, { text: 'x', connectId, target: 'fr' }), 'session-conflict');
  await remove(scenario, connectId);
  return 'ok';
}

/** A node counts behind its answers, so another node may show the count a moment later. */
async function expectCount(scenario: Scenario, connectId: string, turns: number): Promise<void> {
  const deadline = performance.now() + MAX_COUNT_DELAY_MS;
  for (;;) {
    const { requests } = expectJson(await scenario.request(`${SESSIONS}/${connectId}`)) as Session;
    if (requests === turns) return;
    if (requests > turns || performance.now() > deadline)
      throw new Failure('miscounted', `${requests} requests instead of ${turns}`);
    await pause(5);
  }
}

async function remove(scenario: Scenario, connectId: string): Promise<void> {
  const removed = await scenario.request(`${SESSIONS}/${connectId}`, { method: 'DELETE' });
  if (removed.status !== 204) throw failureOf(removed);
}

/** Deletes a session while a translation runs in it, which must end with `session-closed`. */
export async function sessionDeletedInUse(scenario: Scenario): Promise<string> {
  const connectId = await create(scenario);
  const text = `!slow ${scenario.uniqueText(20)}`;
  const running = scenario.post(TRANSLATE, { text, connectId });
  // Awaited below, even if the deletion fails.
  running.catch(() => undefined);
  await pause(scenario.random.between(20, 250));
  await remove(scenario, connectId);
  const { partial = '' } = expectProblem(await running, 'session-closed', 'session-not-found');
  if (!answerTo(text).startsWith(partial)) throw new WrongAnswer(`asked ${text}; got in part ${partial}`);
  expectProblem(
    await scenario.request(`${SESSIONS}/${connectId}`, { method: 'DELETE' }),
    'session-not-found',
  );
  return 'session-closed';
}
