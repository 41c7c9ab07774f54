import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openRecording } from '../src/audio/recording.js';
import { readWavFiles } from '../src/audio/wav/files.js';
import { freePort } from './support/free-port.js';
import { startGateway, type Running } from './support/gateway.js';
import { startScripted, type Scripted } from './support/offline.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const README = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
/** The blocks that a reader is meant to paste, in their order. */
const [sentence, recording, spoken, streamed, session, withOpenai, withAzure] = [
  ...README.matchAll(/^```sh\n(.*?)^```$/gms),
].map(([, block = '']) => block);

let service: Running;

beforeAll(async () => {
  service = await startGateway();
});

afterAll(() => service.close());

/** Runs a block as it stands, but for the address, which is this test's own. */
async function paste(block: string | undefined): Promise<string> {
  const shell = spawn('bash', ['-euc', (block ?? 'false').replaceAll('http://127.0.0.1:8000', service.url)], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output: Buffer[] = [];
  shell.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  const [code] = (await once(shell, 'close')) as [number];
  expect(code).toBe(0);
  return Buffer.concat(output).toString();
}

describe('the tour of the README', () => {
  it('translates a sentence', async () => {
    const answer = JSON.parse(await paste(sentence)) as { text: string };
    expect(answer.text).toBe('Buenos días, mi amigo. El tiempo es bello hoy.');
    expect(README).toContain(answer.text);
  });

  it('translates a recording', async () => {
    const answer = JSON.parse(await paste(recording)) as { text: string; usage: { inputAudioMs: number } };
    expect(answer.usage.inputAudioMs).toBeGreaterThan(1_000);
    expect(README).toContain(answer.text);
  });

  it('brings the spoken reply as a WAV file', async () => {
    const file = path.join(ROOT, 'reply.wav');
    await paste(spoken);
    const wav = await openRecording(file);
    const header = { sampleRate: 24_000, channels: 1, bitsPerSample: 16 };
    expect(await readWavFiles(wav, 0)).toMatchObject([{ header }]);
    expect(wav.size).toBeGreaterThan(48_000);
    await wav.close();
    await rm(file);
  });

  it('streams words', async () => {
    const events = [...(await paste(streamed)).matchAll(/^event: (.*)$/gm)].map(([, name]) => name);
    expect(events[0]).toBe('translation.started');
    expect(events.at(-1)).toBe('translation.done');
    expect(events.filter((name) => name === 'translation.text.delta').length).toBeGreaterThan(3);
  });

  it('keeps a session', async () => {
    const answers = (await paste(session)).replaceAll('}{', '}\n{').split('\n');
    const [first, second, shown] = answers.map(
      (line) => JSON.parse(line) as { connectId: string; requests?: number },
    );
    expect(first?.connectId).toMatch(/^[0-9a-f]{32}$/);
    expect(second?.connectId).toBe(first?.connectId);
    expect(shown?.requests).toBe(2);
  });
});

describe('the switch to a provider', () => {
  let provider: Scripted;
  let running: ChildProcess | undefined;

  beforeAll(async () => {
    provider = await startScripted({ answer: () => 'Buenos días' });
  });

  afterAll(async () => {
    if (running !== undefined) await stop(running);
    await provider.close();
  });

  it.each([
    ['OpenAI', withOpenai, 'openai'],
    ['Azure OpenAI', withAzure, 'azure'],
  ])(
    'to %s takes the line as it stands',
    async (_name, block, expected) => {
      const origin = `http://127.0.0.1:${provider.server.port}`;
      // The provider of this test stands where the real one would.
      const line = (block ?? 'false').replace('https://your-resource.openai.azure.com', origin);
      const port = String(await freePort());
      const child = spawn('bash', ['-euc', line], {
        cwd: ROOT,
        env: { ...process.env, OPENAI_BASE_URL: `${origin}/v1`, PORT: port, DEMO: '0' },
        stdio: 'ignore',
        // A group of its own, which is stopped as a terminal would stop it.
        detached: true,
      });
      running = child;
      const url = `http://127.0.0.1:${port}`;
      await answering(`${url}/readyz`, child);
      const health = (await (await fetch(`${url}/health`)).json()) as { provider: string };
      expect(health.provider).toBe(expected);
      const body = new URLSearchParams({ text: 'Good morning', target: 'es' });
      const answer = (await (
        await fetch(`${url}/api/realtime/translate`, { method: 'POST', body })
      ).json()) as {
        text: string;
      };
      expect(answer.text).toBe('Buenos días');
      await stop(child);
      await expect(fetch(url)).rejects.toThrow();
    },
    120_000,
  );
});

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  process.kill(-child.pid, 'SIGINT');
  await exited;
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`The service ended with ${child.exitCode}.`);
    const status = await fetch(url).then(
      (response) => response.status,
      () => undefined,
    );
    if (status === 200) return;
    await delay(50);
  }
}
