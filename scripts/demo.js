/**
 * The demonstration of `make run`: waits until the service whose process id it is given is ready, has one sentence and
 * one recording of samples/ translated through its HTTP API, prints question, answer and time, and leaves.
 * It goes by the same HOST, PORT and API_KEYS as the service, and never fails the start: what went wrong it says.
 * With `--alone` it only tells, by its exit status, that nobody answers there yet.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const DEADLINE_MS = 45_000;
const SENTENCE = 'Good morning. Tomorrow we will travel to Madrid with our friends.';

/** Where the service can be reached from this machine: a wildcard address cannot be called. */
function addressOf({ HOST, PORT }) {
  const host = HOST?.trim() || '127.0.0.1';
  const callable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return `http://${callable.includes(':') ? `[${callable}]` : callable}:${PORT?.trim() || 8000}`;
}

const base = addressOf(process.env);
const key = process.env.API_KEYS?.split(',')[0]?.trim();
const headers = { accept: 'application/json', ...(key && { 'x-api-key': key }) };

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Status and parsed body, or undefined where nobody answers yet. */
async function call(path, init = {}) {
  try {
    const response = await fetch(base + path, { headers, signal: AbortSignal.timeout(DEADLINE_MS), ...init });
    return { ok: response.ok, body: await response.json().catch(() => undefined) };
  } catch {
    return undefined;
  }
}

/** Resolves to /health once the service is ready; undefined when it has ended, which it has then explained itself. */
async function untilReady(pid) {
  let ready;
  while (performance.now() < DEADLINE_MS) {
    if (!isAlive(pid)) return undefined;
    ready = await call('/readyz');
    if (ready?.ok) return (await call('/health'))?.body;
    await delay(100);
  }
  throw new Error(
    `The service is not ready after ${DEADLINE_MS / 1_000} s. ${ready?.body?.detail ?? 'It does not answer.'}`,
  );
}

/** The first recording of samples/, and what is said in it. */
async function readSample() {
  const folder = new URL('../samples/', import.meta.url);
  const name = (await readdir(folder)).filter((each) => each.endsWith('.wav')).sort()[0];
  if (name === undefined) throw new Error('There is no recording in samples/.');
  const transcript = await readFile(new URL(name.replace(/wav$/, 'txt'), folder), 'utf8');
  return { name, bytes: await readFile(new URL(name, folder)), transcript: transcript.trim() };
}

async function translate(fields) {
  const body = new FormData();
  for (const [name, value] of Object.entries({ source: 'en', target: 'es', ...fields }))
    body.set(name, value);
  const sent = performance.now();
  const answer = await call('/api/realtime/translate', { method: 'POST', body });
  const time = `${Math.round(performance.now() - sent)} ms`;
  if (!answer?.ok) return { text: `no translation: ${answer?.body?.detail ?? 'no answer'}`, time };
  return { text: answer.body.text, time };
}

function table(rows) {
  return rows.map(([name, what]) => (name === '' ? '' : `  ${name.padEnd(11)}${what}`)).join('\n');
}

async function demonstrate(pid) {
  const health = await untilReady(pid);
  if (health === undefined) return;
  const sample = await readSample();
  const sentence = await translate({ text: SENTENCE });
  const recording = await translate({ file: new File([sample.bytes], sample.name, { type: 'audio/wav' }) });
  const page = await fetch(base, { headers: { accept: 'text/html' } });
  const asKey = key ? ` -H 'X-API-Key: …'` : '';
  // One write, so that no line of the log comes in between.
  process.stdout.write(
    `\n${table([
      ['English', SENTENCE],
      ['Spanish', `${sentence.text}   (${sentence.time})`],
      [''],
      ['Recording', `samples/${sample.name}: ${sample.transcript}`],
      ['Spanish', `${recording.text}   (${recording.time})`],
      [''],
      ['By', `${health.provider}, ${health.model}`],
      page.ok ? ['Page', `${base}/`] : ['Service', base],
      [
        'Try',
        `curl${asKey} ${base}/api/realtime/translate -F source=en -F target=es -F text='I do not understand this word.'`,
      ],
      ['Stop', 'Ctrl-C'],
    ])}\n\n`,
  );
}

const [argument] = process.argv.slice(2);
if (argument === '--alone') {
  // Whoever answers before the service is started is another one, and no demonstration of ours.
  process.exitCode = (await call('/readyz', { signal: AbortSignal.timeout(1_000) })) === undefined ? 0 : 1;
} else {
  await demonstrate(Number(argument)).catch((error) => {
    process.stdout.write(`\n  No demonstration: ${error.message}\n\n`);
  });
}
