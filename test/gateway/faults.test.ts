import { afterEach, describe, expect, it } from '@jest/globals';
import { connectionFault, requestFault } from '../support/offline.js';
import { post, startBeforeScript } from '../support/gateway.js';
import { eventually } from '../support/pool.js';

let running: Awaited<ReturnType<typeof startBeforeScript>>;

afterEach(() => running.close());

const TRANSLATE = '/api/realtime/translate';
const TEXT = 'one two three four';

async function ask(
  text = TEXT,
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const response = await post(running.url + TRANSLATE, { text });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

describe.each(['ga', 'preview'] as const)('each fault of upstream has its response, %s', (dialect) => {
  type Fault = Parameters<typeof running.script.requests.next>[0];

  it.each<[string, Fault, number, string, boolean, string | undefined]>([
    ['server_error', requestFault.fail('server_error'), 502, 'upstream-unavailable', true, undefined],
    ['rate limit', requestFault.fail('rate_limit_exceeded'), 503, 'upstream-rate-limited', true, undefined],
    ['quota', requestFault.fail('insufficient_quota'), 503, 'upstream-rate-limited', true, undefined],
    ['language', requestFault.fail('unsupported_language'), 422, 'unsupported-language', false, undefined],
    [
      'missing part',
      requestFault.fail('offline_engine_missing'),
      503,
      'offline-engine-missing',
      false,
      undefined,
    ],
    [
      'token limit',
      requestFault.incomplete('max_output_tokens', { after: 2 }),
      502,
      'translation-incomplete',
      false,
      'one two',
    ],
    [
      'content filter',
      requestFault.incomplete('content_filter', { after: 2 }),
      422,
      'content-filtered',
      false,
      'one two',
    ],
    ['cancelled', requestFault.cancelUnasked(), 502, 'translation-incomplete', true, 'one'],
    ['refused', requestFault.requestError('invalid_value'), 502, 'upstream-rejected', false, undefined],
    ['empty', requestFault.wholly(), 502, 'translation-incomplete', true, undefined],
    [
      'error without a name',
      requestFault.requestError('server_error', { named: false }),
      ...([502, 'upstream-rejected', false, undefined] as const),
    ],
    ['no metadata', requestFault.withoutMetadata(), 502, 'upstream-rejected', false, undefined],
    ['hang', requestFault.hang({ after: 1 }), 504, 'upstream-timeout', true, 'one'],
    ['swallowed', requestFault.ignore(), 504, 'upstream-timeout', true, undefined],
  ])('%s', async (_what, fault, status, code, retryable, partial) => {
    // Only what is awaited in vain may be decided by the time.
    const env = code === 'upstream-timeout' ? { RESPONSE_TIMEOUT_MS: '1000' } : {};
    running = await startBeforeScript(env, { dialect });
    running.script.requests.next(fault);
    const { status: actual, headers, body } = await ask();
    expect({
      status: actual,
      code: body.code,
      retryable: body.retryable,
      partial: body.partial,
    }).toEqual({
      status,
      code,
      retryable,
      partial,
    });
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(JSON.stringify(body)).not.toMatch(/127\.0\.0\.1|at .*\.ts/);
    // Only the offline engine's messages about languages and parts are meant for clients.
    if (!['unsupported-language', 'offline-engine-missing'].includes(code)) {
      expect(JSON.stringify(body)).not.toContain('The script says');
    }
    expect((await ask()).body.text).toBe(TEXT);
  });

  it.each([
    ['before the first delta', 'created' as const],
    ['after some deltas, none of which was sent on', 2],
  ])('a socket that is lost %s is not even noticed', async (_when, at) => {
    running = await startBeforeScript({}, { dialect });
    running.script.requests.next(requestFault.drop(at));
    expect((await ask()).body).toMatchObject({ text: TEXT, responses: [TEXT] });
    expect(running.script.requestCount).toBe(2);
  });

  it('a spoken answer whose socket is lost halfway is complete all the same', async () => {
    running = await startBeforeScript({}, { dialect });
    running.script.requests.next(requestFault.drop(5));
    const headers = { accept: 'audio/wav' };
    const answer = await post(running.url + TRANSLATE, { text: TEXT }, { headers });
    expect(answer.headers.get('x-translation-text')).toBe(encodeURIComponent(TEXT));
    // One tone of 50 ms per character.
    expect((await answer.arrayBuffer()).byteLength).toBe(44 + TEXT.length * 50 * 48);
    expect(running.script.requestCount).toBe(2);
  });

  it('a stream whose socket is lost after a delta ends with an error that has the partial text', async () => {
    running = await startBeforeScript({}, { dialect });
    running.script.requests.next(requestFault.drop(2));
    const headers = { accept: 'text/event-stream' };
    const stream = await (await post(running.url + TRANSLATE, { text: TEXT }, { headers })).text();
    expect(stream).toMatch(/event: error\ndata: .*"code":"translation-incomplete".*"partial":"one two"/);
    expect(running.script.requestCount).toBe(1);
  });

  it.each([
    ['JSON', {}],
    ['server-sent events', { accept: 'text/event-stream' }],
    ['WAV', { accept: 'audio/wav' }],
  ])('a text that is only said whole at its end is taken: %s', async (_form, headers) => {
    running = await startBeforeScript({}, { dialect });
    running.script.requests.every(requestFault.wholly('text'));
    const answer = await post(running.url + TRANSLATE, { text: TEXT }, { headers });
    expect(answer.status).toBe(200);
    if ('accept' in headers && headers.accept === 'audio/wav') {
      expect(answer.headers.get('x-translation-text')).toBe(encodeURIComponent(TEXT));
      return;
    }
    const body = await answer.text();
    expect(body).toContain(`"text":"${TEXT}"`);
    if ('accept' in headers)
      expect(body.match(/event: translation.text.delta\ndata: .*/g)).toEqual([
        `event: translation.text.delta\ndata: {"delta":"${TEXT}"}`,
      ]);
  });

  it.each([
    [401, 502, 'upstream-rejected'],
    [403, 502, 'upstream-rejected'],
    [404, 502, 'upstream-rejected'],
    [429, 503, 'upstream-rate-limited'],
    [503, 502, 'upstream-unavailable'],
  ])('HTTP %d at the upgrade', async (refusal, status, code) => {
    // 503 alone is tried again until that time is over.
    const env = refusal === 503 ? { CONNECT_TIMEOUT_MS: '1000' } : {};
    running = await startBeforeScript({ POOL_WARM: '0', ...env }, { dialect });
    running.script.connections.every(
      connectionFault.rejectUpgrade(refusal, refusal === 429 ? { retryAfterS: 30 } : {}),
    );
    const { status: actual, headers, body } = await ask();
    expect([actual, body.code]).toEqual([status, code]);
    if (refusal === 429) expect(headers.get('retry-after')).toBe('30');
  });
});

describe('readiness', () => {
  it('fails while upstream rejects us, names the check, and recovers by itself', async () => {
    running = await startBeforeScript({ POOL_WARM: '0' });
    running.script.connections.next(connectionFault.invalidApiKey());
    expect((await ask()).body.code).toBe('upstream-rejected');
    const refused = await fetch(`${running.url}/readyz`);
    expect(refused.status).toBe(503);
    expect(await refused.text()).toContain('upstream');
    await eventually(() => running.script.open.length === 1, 12_000);
    await eventually(() => running.gateway.stats().pool.ready === 1);
    expect((await fetch(`${running.url}/readyz`)).status).toBe(200);
    expect((await ask()).body.text).toBe(TEXT);
  });
});

describe('a client that disconnects', () => {
  it.each([
    ['JSON', {}],
    ['server-sent events', { accept: 'text/event-stream' }],
    ['WAV', { accept: 'audio/wav' }],
  ])('and the response is cancelled upstream: %s', async (_form, headers) => {
    running = await startBeforeScript();
    running.script.requests.next(requestFault.hang({ after: 1 }));
    const client = new AbortController();
    const answer = post(running.url + TRANSLATE, { text: TEXT }, { headers, signal: client.signal })
      .then((response) => response.text())
      .catch(() => 'gone');
    await running.script.until(() => running.script.answering === 1);
    client.abort();
    expect(await answer).toBe('gone');
    await running.script.until(() => running.script.answering === 0);
    expect(running.script.sockets[0]?.events.at(-1)?.type).toBe('response.cancel');
    expect(running.gateway.stats().pool).toMatchObject({ running: 0, waiting: 0 });
  });
});

describe('a session that is deleted', () => {
  it('ends its running translations with 410, and then is unknown', async () => {
    running = await startBeforeScript();
    const made = await post(`${running.url}/api/realtime/sessions`, { target: 'es' });
    const { connectId } = (await made.json()) as { connectId: string };
    running.script.requests.next(requestFault.hang({ after: 1 }));
    const answer = post(running.url + TRANSLATE, { text: TEXT, connectId });
    await running.script.until(() => running.script.answering === 1);
    const remove = (): Promise<Response> =>
      fetch(`${running.url}/api/realtime/sessions/${connectId}`, { method: 'DELETE' });
    expect((await remove()).status).toBe(204);
    const closed = await answer;
    expect([closed.status, ((await closed.json()) as { code: string }).code]).toEqual([
      410,
      'session-closed',
    ]);
    expect((await remove()).status).toBe(404);
    expect((await post(running.url + TRANSLATE, { text: TEXT, connectId })).status).toBe(404);
    await running.script.until(() => running.script.answering === 0);
  });
});

describe('stopping', () => {
  it('lets running work end, rejects new work, and leaves no socket', async () => {
    running = await startBeforeScript();
    const last = requestFault.held();
    running.script.requests.next(last);
    const answer = ask();
    await running.script.until(() => running.script.answering === 1);
    const closed = running.gateway.close();
    const late = await post(running.url + TRANSLATE, { text: TEXT });
    expect([late.status, ((await late.json()) as { code: string }).code]).toEqual([503, 'draining']);
    expect((await fetch(`${running.url}/readyz`)).status).toBe(503);
    last.release();
    expect((await answer).body.text).toBe(TEXT);
    await closed;
    await running.script.until(() => running.script.open.length === 0);
    expect(running.gateway.server.listening).toBe(false);
  });

  it('ends what takes longer than the grace period', async () => {
    running = await startBeforeScript({ SHUTDOWN_GRACE_MS: '100' });
    running.script.requests.next(requestFault.hang());
    const answer = ask();
    await running.script.until(() => running.script.answering === 1);
    await running.gateway.close();
    expect(await answer).toMatchObject({ status: 503, body: { code: 'draining' } });
  });
});
