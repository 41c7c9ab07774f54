/** `npm run probe` against every imitation: what it finds, what it prints, and how it ends. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { imitations, type ImitationName } from '../../src/offline/server/like/imitations.js';
import { probe, type ProbeAttempt } from '../../src/probe/probe.js';
import { freePort } from '../support/free-port.js';
import { held } from '../support/like.js';
import { connectionFault, requestFault, startScripted, type Scripted } from '../support/offline.js';

let scripted: Scripted | undefined;

afterEach(async () => {
  await scripted?.close();
  scripted = undefined;
});

async function start(like: ImitationName): Promise<Scripted> {
  scripted = await startScripted({ kind: imitations[like] });
  return scripted;
}

async function probed(url: string): Promise<{ found: ProbeAttempt | undefined; attempts: ProbeAttempt[] }> {
  const { found, attempts } = await probe(
    { url: new URL(url), credentials: {}, timeoutMs: 5_000 },
    () => undefined,
  );
  return { found, attempts: [...attempts] };
}

interface Run {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

async function run(...args: string[]): Promise<Run> {
  const command = ['--import', 'tsx', 'src/probe/main.ts', ...args];
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, command);
    return { code: 0, output: stdout, errors: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout, errors: stderr };
  }
}

describe('the probe', () => {
  it.each([
    [
      'openai',
      { dialect: 'ga', level: 'reference', atOnce: 'many', echoesMetadata: true, deletesItems: true },
    ],
    ['hf', { dialect: 'ga', level: 'inline', atOnce: 'one', echoesMetadata: true, deletesItems: false }],
    ['localai', { dialect: 'ga', level: 'sweep', deletesItems: true }],
    ['speaches', { dialect: 'preview', level: 'sweep', deletesItems: true }],
    ['voicelive', { dialect: 'voicelive', level: 'inline', echoesMetadata: true, atOnce: 'one' }],
  ] as const)('finds the settings for %s, whatever its model tells', async (like, expected) => {
    const { url, script } = await start(like);
    expect((await probed(url)).found).toMatchObject({ holds: true, isTextOnly: true, ...expected });
    script.answer = held;
    expect((await probed(url)).found).toMatchObject({ holds: true, ...expected });
  });

  it('finds what one question leaves for the next, by a word', async () => {
    const { url, script } = await start('localai');
    script.answer = held;
    const { attempts } = await probed(url);
    expect(attempts.map(({ level, reason }) => [level, reason])).toEqual([
      ['reference', expect.any(String)],
      ['inline', 'a question is left for the next one'],
      ['sweep', undefined],
    ]);
  });

  it('finds fresh where items are not deleted', async () => {
    const { url, script } = await start('localai');
    script.connections.every({
      received: (peer, event, serve) => {
        if (event?.type === 'item.delete')
          peer.send(connectionFault.connectionError('not_implemented', 'No.'));
        else serve();
      },
    });
    script.answer = held;
    expect((await probed(url)).found).toMatchObject({ level: 'fresh', holds: true });
  });

  it('prints the lines for .env, without a key', async () => {
    const { url } = await start('speaches');
    const { code, output } = await run('--url', `${url}?model=m&api-key=secret-1`, '--key', 'secret-2');
    expect(code).toBe(0);
    expect(output).toMatch(/^REALTIME_DIALECT=preview$/m);
    expect(output).toMatch(/^REALTIME_ISOLATION=sweep$/m);
    expect(output).toContain('not found out');
    expect(output).not.toContain('secret');
  });

  it('says none, and prints no line, where no level fits', async () => {
    const { url, script } = await start('openai');
    script.requests.every(requestFault.ignore());
    const { code, output } = await run('--url', url, '--timeout', '1');
    expect(code).toBe(1);
    expect(output).toContain('none');
    expect(output).not.toContain('REALTIME_');
  });

  it.each([
    ['refuses the upgrade', connectionFault.rejectUpgrade(401)],
    ['refuses the key', connectionFault.invalidApiKey()],
  ])('fails for a server that %s', async (_what, fault) => {
    const { url, script } = await start('openai');
    script.connections.every(fault);
    const { code, output, errors } = await run('--url', url, '--key', 'wrong-key');
    expect(code).toBe(2);
    expect(output).not.toContain('REALTIME_');
    expect(errors).toMatch(/401|invalid_api_key/);
    expect(errors).not.toContain('wrong-key');
  });

  it('fails where nothing listens, and for an address that is none', async () => {
    const gone = await run('--url', `ws://127.0.0.1:${await freePort()}/v1/realtime`);
    expect(gone.code).toBe(2);
    expect((await run('--url', 'nowhere')).code).toBe(64);
  });
});
