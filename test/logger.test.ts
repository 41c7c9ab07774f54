/** The logger: its format, and what it redacts. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Logger } from 'pino';
import { createLogger } from '../src/telemetry/logger.js';

let lines: string[];
let logger: Logger;
beforeEach(() => {
  lines = [];
  logger = createLogger('info', { write: (line) => void lines.push(line) });
});

function last(): Record<string, unknown> {
  return JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
}

describe('a line of the log', () => {
  it('is JSON with an ISO time, the level by name and the message', () => {
    logger.warn({ requestId: 'r-1', queueMs: 3 }, 'slow');
    const { time, ...rest } = last();
    expect(rest).toEqual({ level: 'warn', requestId: 'r-1', queueMs: 3, msg: 'slow' });
    expect(new Date(String(time)).toISOString()).toBe(time);
  });

  it('is left out below the level', () => {
    logger.debug('detail');
    createLogger('silent', { write: (line) => void lines.push(line) }).fatal('unheard');
    expect(lines).toEqual([]);
  });

  it.each([
    'authorization',
    'Authorization',
    'proxy-authorization',
    'x-api-key',
    'X-API-Key',
    'api-key',
    'apiKey',
    'cookie',
    'set-cookie',
    'ticket',
  ])('holds no value of %s, at any depth', (name) => {
    logger.info({ [name]: 'hush "quoted" \\', after: 1 }, 'top');
    expect(last()).toMatchObject({ [name]: '[redacted]', after: 1 });
    logger.info({ req: { headers: { [name]: 'hush', host: 'kept' } } }, 'header');
    expect(last()).toMatchObject({ req: { headers: { [name]: '[redacted]', host: 'kept' } } });
    logger.info({ a: { b: { c: [{ [name]: ['hush]', 'hush"2'], after: 1 }] } } }, 'deep');
    expect(last()).toMatchObject({ a: { b: { c: [{ [name]: '[redacted]', after: 1 }] } } });
    logger.child({ [name]: 'hush' }).info('child');
    expect(last()).toMatchObject({ [name]: '[redacted]', msg: 'child' });
    expect(lines.join('')).not.toContain('hush');
  });

  it('contains no ticket or key of a URL, in a field or a message', () => {
    logger.info({ url: '/realtime-voice?target=es&ticket=hush123&dialect=ga' }, 'upgrade');
    expect(last().url).toBe('/realtime-voice?target=es&ticket=[redacted]&dialect=ga');
    logger.info('GET /text-chat?ticket=hush%20456 "quoted"');
    expect(last().msg).toBe('GET /text-chat?ticket=[redacted] "quoted"');
    logger.info({ url: 'wss://r.example/openai/realtime?api-version=1&api-key=hush' });
    expect(last().url).toBe('wss://r.example/openai/realtime?api-version=1&api-key=[redacted]');
    expect(lines.join('')).not.toContain('hush');
  });

  it('contains no password of a URL, in a field or a message', () => {
    logger.info(
      { url: 'redis://user:hush@redis.example:6379/5' },
      'at rediss://:hush%40@redis.example "quoted"',
    );
    expect(last()).toMatchObject({
      url: 'redis://user:[redacted]@redis.example:6379/5',
      msg: 'at rediss://:[redacted]@redis.example "quoted"',
    });
    logger.info('http://127.0.0.1:8000/a@b and ws://[::1]:8000/?x=a:b@c');
    expect(last().msg).toBe('http://127.0.0.1:8000/a@b and ws://[::1]:8000/?x=a:b@c');
    expect(lines.join('')).not.toContain('hush');
  });

  it('contains no bearer token, in an error either', () => {
    logger.error({ err: new Error('refused Bearer hush.-_~+/abc== by upstream') }, 'failed');
    expect(lines.join('')).not.toContain('hush');
    expect(last()).toMatchObject({ err: { message: 'refused Bearer [redacted] by upstream' } });
  });

  it('keeps what only looks like a secret', () => {
    const fields = {
      tickets: 3,
      cookieCount: '2',
      url: '/tickets?x=1',
      detail: 'ticket=5 is not a parameter',
    };
    logger.info(fields, 'a cookie jar');
    expect(last()).toMatchObject({ ...fields, msg: 'a cookie jar' });
  });
});

describe('lines of one turn of the event loop', () => {
  const logger = new URL('../src/telemetry/logger.ts', import.meta.url).href;
  const run = async (work: string): Promise<string[]> => {
    const script = `const { createLogger } = await import('${logger}'); const logger = createLogger('info'); ${work}`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', script];
    const { stdout } = await promisify(execFile)(process.execPath, args).catch(
      (error: unknown) => error as { stdout: string },
    );
    return stdout.trimEnd().split('\n');
  };

  it('are complete and in order', async () => {
    const lines = await run(`for (let at = 0; at < 100; at += 1) logger.info({ at }, 'line');`);
    expect(lines.map((line) => (JSON.parse(line) as { at: number }).at)).toEqual(
      Array.from({ length: 100 }, (_, at) => at),
    );
  });

  it('are written before the process exits, even in the middle of a turn', async () => {
    expect(await run(`logger.fatal('the end'); process.exit(1);`)).toEqual([
      expect.stringContaining('the end'),
    ]);
    expect(await run(`logger.info('the end'); throw new Error('unheard');`)).toEqual([
      expect.stringContaining('the end'),
    ]);
  });
});
