/**
 * What the service adds to the model's time: text at one client, through the service and straight to the same scripted
 * upstream, turn by turn in one run; and how many sockets 300 sessions with prompts of their own need.
 * Upstream and service are processes of their own here: see `npm run bench`.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';

const ROUNDS = 5;
const PER_ROUND = 400;
const TEXT = 'The weather is beautiful today.';

interface Started {
  child: ChildProcess;
  url: string;
}

/** Starts one of the processes beside this file, which tells its address. */
async function start(file: string, env: Record<string, string>): Promise<Started> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    env: { ...process.env, ...env },
    execArgv: ['--import', 'tsx'],
  });
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`${file} ended with ${String(code)}`);
  });
  const [url] = (await Promise.race([once(child, 'message'), died])) as [string];
  // From here on its end is ours, and no news.
  died.catch(() => undefined);
  return { child, url };
}

/** Milliseconds of each of `PER_ROUND` calls, one after the other. */
async function times(call: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let number = 0; number < PER_ROUND; number += 1) {
    const startedAt = performance.now();
    await call();
    taken.push(performance.now() - startedAt);
  }
  return taken;
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** One response on a socket of our own, as short as the protocol allows. */
async function directly(url: string): Promise<{ call: () => Promise<void>; close: () => void }> {
  const socket = new WebSocket(url);
  await once(socket, 'message');
  const call = (): Promise<void> =>
    new Promise((resolve) => {
      const look = (data: Buffer): void => {
        const { type } = JSON.parse(data.toString()) as { type: string };
        if (type !== 'response.done') return;
        socket.off('message', look);
        resolve();
      };
      socket.on('message', look);
      const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: TEXT }] };
      const response = { conversation: 'none', output_modalities: ['text'], input: [item] };
      socket.send(JSON.stringify({ type: 'response.create', response }));
    });
  return {
    call,
    close: () => {
      socket.terminate();
    },
  };
}

async function translate(url: string, body: object): Promise<{ connectId: string; text: string }> {
  const response = await fetch(`${url}/api/realtime/translate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as { connectId: string; text: string };
}

const upstream = await start('upstream.ts', {});
const service = await start('service.ts', { REALTIME_PROVIDER: 'compatible', REALTIME_URL: upstream.url });
try {
  const direct = await directly(upstream.url);
  const { connectId } = await translate(service.url, { text: TEXT });
  const through = async (): Promise<unknown> => translate(service.url, { text: TEXT, connectId });
  const bare = async (): Promise<unknown> => (await fetch(`${service.url}/livez`)).text();
  await times(direct.call);
  await times(through);
  const rounds: { direct: number; through: number; bare: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push({
      direct: median(await times(direct.call)),
      through: median(await times(through)),
      bare: median(await times(bare)),
    });
  }
  direct.close();
  const of = (pick: (round: (typeof rounds)[number]) => number): string =>
    median(rounds.map(pick)).toFixed(2);
  console.log(`text, one client, p50 of ${PER_ROUND}, median of ${ROUNDS} rounds`);
  console.log(`  straight to the upstream     ${of((round) => round.direct)} ms`);
  console.log(`  through the service          ${of((round) => round.through)} ms`);
  console.log(`  added                        ${of((round) => round.through - round.direct)} ms`);
  console.log(`  of which an empty HTTP call  ${of((round) => round.bare)} ms`);

  const sessions = Array.from({ length: 300 }, (_, number) => ({
    prompt: `Translate as number ${number} would.`,
  }));
  await Promise.all(sessions.map((session) => translate(service.url, { text: TEXT, ...session })));
  const health = (await (await fetch(`${service.url}/health`)).json()) as {
    pool: { sockets: number };
    sessions: number;
  };
  console.log(`300 sessions with prompts of their own, all at once: ${health.pool.sockets} sockets`);
} finally {
  service.child.kill();
  upstream.child.kill();
}
