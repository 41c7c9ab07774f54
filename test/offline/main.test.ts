/** `npm run offline`: the server as a process of its own, its arguments, what it prints, and how it ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { at, BareClient } from '../support/offline-client.js';
import { startOllama } from '../support/parts/chat.js';
import { outOfBand, SPELLINGS } from '../support/offline-spelling.js';

const running: ChildProcess[] = [];

afterEach(async () => {
  await Promise.all(
    running.splice(0).map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }),
  );
});

interface Started {
  readonly child: ChildProcess;
  output: string;
  errors: string;
  /** Settles with the exit code. */
  readonly ended: Promise<number | null>;
}

function start(...args: string[]): Started {
  return startWith({}, ...args);
}

/** With variables in its environment. */
function startWith(env: Record<string, string>, ...args: string[]): Started {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/offline/main.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  running.push(child);
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const started: Started = { child, output: '', errors: '', ended };
  child.stdout.on('data', (chunk: Buffer) => (started.output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (started.errors += chunk.toString()));
  return started;
}

/** The address it printed, once all is printed. */
async function address(started: Started): Promise<string> {
  for (;;) {
    const url = /ws:\/\/\S+/.exec(started.output)?.[0];
    if (url !== undefined && started.output.includes('voices')) return url;
    const more = started.child.stdout ? once(started.child.stdout, 'data') : Promise.resolve();
    await Promise.race([more, started.ended]);
    if (started.child.exitCode !== null) throw new Error(`ended early: ${started.errors}`);
  }
}

it('npm run offline takes its parts from the environment', async () => {
  const translator = await startOllama();
  try {
    const started = startWith(
      { TRANSLATOR_URL: translator.url, TRANSLATOR_MODEL: 'gemma3:4b' },
      '--port',
      '0',
    );
    const url = await address(started);
    expect(started.output).toMatch(/translator +http gemma3:4b/);
    const client = await BareClient.open(url);
    const [spelling] = SPELLINGS;
    if (spelling === undefined) throw new Error('no spelling');
    const metadata = { target_language: 'es' };
    client.send({ type: 'response.create', response: outOfBand(spelling, 'The house.', { metadata }) });
    await client.until(() => client.types().includes('response.done'), 'the translation', 20_000);
    const done = await client.next('response.done');
    expect(at(done, 'response.output.0.content.0.text')).toBe('THE HOUSE.');
    started.child.kill('SIGTERM');
    expect(await started.ended).toBe(0);
  } finally {
    await translator.close();
  }
});

it('npm run offline refuses an address that cannot be used', async () => {
  const started = startWith({ STT_URL: 'localhost' });
  expect(await started.ended).toBe(1);
  expect(started.errors).toContain('STT_URL must be a whole address');
});

describe('npm run offline -- --like', () => {
  it('starts the server of that name, in its dialect', async () => {
    const started = start('--port', '0', '--like', 'speaches');
    const url = await address(started);
    expect(started.output).toContain('(preview, like speaches)');
    const client = await BareClient.open(`${url}?model=any`);
    client.send({ type: 'session.update', session: { turn_detection: null } });
    expect(at(await client.next('error'), 'error.event_id')).toBeNull();
    await client.close();
  });

  it.each([
    [['--like', 'whisper'], 'openai, hf, localai, speaches, voicelive'],
    [['--like', 'hf', '--dialect', 'preview'], 'leave --dialect out'],
  ])('refuses %j', async (args, sentence) => {
    const started = start(...args);
    expect(await started.ended).toBe(1);
    expect(started.errors).toContain(sentence);
  });
});

describe.each(SPELLINGS)('npm run offline -- --dialect $name', (spelling) => {
  it('prints its address and languages, translates for any key, and ends cleanly when told', async () => {
    const started = start('--port', '0', '--dialect', spelling.name);
    const url = await address(started);
    expect(started.output).toContain(`(${spelling.name})`);
    expect(started.output).toMatch(/pairs .*en → /);
    const client = await BareClient.open(`${url}?model=any`, { headers: { authorization: 'Bearer any' } });
    const metadata = { source_language: 'en', target_language: 'es' };
    client.send({
      type: 'response.create',
      response: outOfBand(spelling, 'The house is red.', { metadata }),
    });
    await client.until(() => client.types().includes('response.done'), 'the translation', 20_000);
    const done = await client.next('response.done');
    expect(String(at(done, 'response.output.0.content.0.text')).toLowerCase()).toContain('casa');
    started.child.kill('SIGTERM');
    expect((await client.untilClosed()).code).toBe(1001);
    expect(await started.ended).toBe(0);
  });
});

describe('npm run offline with wrong arguments', () => {
  it.each([
    [['--port', 'http'], '--port must be a number'],
    [['--port', '70000'], '--port must be a number'],
    [['--dialect', 'beta'], '--dialect must be one of ga, preview, voicelive'],
    [['--prot', '9090'], "Unknown option '--prot'"],
  ])('%j says what is wrong, how it should be, and fails', async (args, sentence) => {
    const started = start(...args);
    expect(await started.ended).toBe(1);
    expect(started.errors).toContain(sentence);
    expect(started.errors).toContain('Usage: npm run offline');
    expect(started.errors).not.toMatch(/^ +at /m);
  });

  it('says that the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const place = taken.address();
    const port = typeof place === 'object' && place !== null ? place.port : 0;
    const started = start('--port', String(port));
    expect(await started.ended).toBe(1);
    expect(started.errors).toContain('EADDRINUSE');
    expect(started.errors).not.toContain('Usage');
    taken.close();
  });

  it('explains itself when asked', async () => {
    const started = start('--help');
    expect(await started.ended).toBe(0);
    expect(started.output).toContain('--dialect ga|preview');
  });
});
