/** The whole service before each imitated server: every form of body and answer, sessions, cancellation, conversations. */
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { encodeWav } from '../../src/audio/wav/wav.js';
import { createSpeechEngine } from '../../src/offline/engine/engine.js';
import { imitations } from '../../src/offline/server/like/imitations.js';
import type { Responder } from '../../src/offline/server/responder.js';
import { startOfflineServer } from '../../src/offline/server/server.js';
import { post, startBeforeScript, startGateway } from '../support/gateway.js';
import { held, HEARING, PAIRINGS, type Pairing } from '../support/like.js';
import { MULTIPART, RawClient } from '../support/http.js';
import { babble, silence } from '../support/offline-audio.js';
import { at } from '../support/offline-client.js';
import { requestFault } from '../support/offline.js';
import { eventually } from '../support/pool.js';
import { converse } from '../support/relay.js';
import { speak, speakSamples } from '../support/speech.js';

type Service = Awaited<ReturnType<typeof startBeforeScript>>;

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

function environment({ like, level }: Pairing): Record<string, string> {
  return { REALTIME_DIALECT: imitations[like].dialect.name, REALTIME_ISOLATION: level };
}

async function start(pairing: Pairing, env: Record<string, string> = {}): Promise<Service> {
  const service = await startBeforeScript(
    { ...environment(pairing), ...env },
    { kind: imitations[pairing.like] },
  );
  opened.push(service);
  return service;
}

/** The same with the real speech engine behind the imitation. */
async function startSpeaking(pairing: Pairing, env: Record<string, string> = {}): Promise<{ url: string }> {
  const kind = imitations[pairing.like];
  const responder: Responder = await createSpeechEngine();
  opened.push(responder);
  const server = await startOfflineServer({ dialect: 'ga', kind, responder });
  opened.push({ close: () => server.destroy() });
  const service = await startGateway({
    ...{ REALTIME_PROVIDER: 'compatible', REALTIME_URL: server.url },
    ...{ ...environment(pairing), ...env },
  });
  opened.push(service);
  return service;
}

function recording(pcm: Buffer): FormData {
  const form = new FormData();
  form.append('file', new Blob([encodeWav(pcm)]), 'recording.wav');
  return form;
}

const TRANSLATE = '/api/realtime/translate';

describe.each(PAIRINGS)('$like at $level', (pairing) => {
  it('answers every form of body', async () => {
    const { url } = await start(pairing);
    const json = await post(url + TRANSLATE, { text: 'one' });
    expect(await json.json()).toMatchObject({ text: 'one', responses: ['one'] });
    const form = await fetch(url + TRANSLATE, { method: 'POST', body: new URLSearchParams({ q: 'two' }) });
    expect(await form.json()).toMatchObject({ text: 'two' });
    const multipart = new FormData();
    multipart.append('text', 'three');
    const parts = await fetch(url + TRANSLATE, { method: 'POST', body: multipart });
    expect(await parts.json()).toMatchObject({ text: 'three' });
    const original = await post(`${url}/api/RealTime/AudioTranslate`, { question: 'four' });
    expect(await original.json()).toMatchObject({ data: { responses: ['four'] } });
  });

  it('streams text and sound, and gives a WAV', async () => {
    const { url } = await start(pairing);
    const headers = { accept: 'text/event-stream' };
    const stream = await post(url + TRANSLATE, { text: 'one two', output: 'audio' }, { headers });
    const events = (await stream.text()).match(/^event: .*/gm);
    expect(events?.[0]).toBe('event: translation.started');
    expect(events).toContain('event: translation.text.delta');
    expect(events).toContain('event: translation.audio.delta');
    expect(events?.at(-1)).toBe('event: translation.done');
    const wav = await post(url + TRANSLATE, { text: 'ab' }, { headers: { accept: 'audio/wav' } });
    expect((await wav.arrayBuffer()).byteLength).toBe(44 + 2 * 50 * 48);
  });

  it('keeps sessions apart: prompts of two sessions never meet', async () => {
    const { url, script } = await start(pairing);
    script.answer = held;
    const create = async (prompt: string): Promise<string> => {
      const made = await post(`${url}/api/realtime/sessions`, { prompt });
      return ((await made.json()) as { connectId: string }).connectId;
    };
    const [first, second] = [await create('first prompt'), await create('second prompt')];
    const asked = [first, second, first, second].map((connectId, number) =>
      post(url + TRANSLATE, { connectId, text: `text ${number}` }).then((answer) => answer.json()),
    );
    const answers = (await Promise.all(asked)) as { text: string }[];
    for (const [number, { text }] of answers.entries()) {
      expect(text).toContain(number % 2 === 0 ? 'first prompt' : 'second prompt');
      expect(text).not.toContain(number % 2 === 0 ? 'second prompt' : 'first prompt');
      expect(text.match(/text \d/g)).toEqual([`text ${number}`]);
    }
  });

  it('ends what a deleted session and a client that leaves were waiting for', async () => {
    const { url, script, gateway } = await start(pairing);
    const made = await post(`${url}/api/realtime/sessions`, {});
    const { connectId } = (await made.json()) as { connectId: string };
    script.requests.next(requestFault.hang({ after: 0 }));
    const asked = post(url + TRANSLATE, { connectId, text: 'one' });
    await script.until(() => script.answering === 1);
    await fetch(`${url}/api/realtime/sessions/${connectId}`, { method: 'DELETE' });
    expect((await asked).status).toBe(410);

    script.requests.next(requestFault.hang({ after: 0 }));
    const leaving = new AbortController();
    const left = post(url + TRANSLATE, { text: 'two' }, { signal: leaving.signal }).catch(() => 'left');
    await script.until(() => script.answering > 0 && script.requestCount === 2);
    leaving.abort();
    expect(await left).toBe('left');
    await eventually(() => script.answering === 0 && gateway.stats().pool.running === 0);
    expect(await (await post(url + TRANSLATE, { text: 'three' })).json()).toMatchObject({ text: 'three' });
  });

  it('says in its capabilities what the level can do', async () => {
    const { url } = await start(pairing, { POOL_MAX_SOCKETS: '3', POOL_MAX_PER_SOCKET: '5' });
    const answer = await (await fetch(`${url}/api/capabilities`)).json();
    expect(answer).toMatchObject({
      dialect: imitations[pairing.like].dialect.name,
      isolation: pairing.level,
      maxConcurrent: pairing.level === 'reference' ? 15 : 3,
      speechSources: pairing.like === 'hf' ? [] : 'any',
    });
  });

  it('carries a written conversation', async () => {
    // One session is all that some servers have, and a warm socket would hold it.
    const { url } = await start(pairing, { POOL_WARM: '0' });
    const client = await converse(url, '/text-chat');
    client.send({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hello there' }] },
    });
    client.send({ type: 'response.create' });
    const done = await client.next('response.done');
    expect(at(done, 'response.status')).toBe('completed');
    expect(JSON.stringify(done)).toContain('hello there');
    await client.close();
  });
});

describe.each(HEARING)('a recording for $like at $level', (pairing) => {
  it('arrives whole, in JSON, as a stream and with a spoken answer', async () => {
    const { url } = await start(pairing);
    const send = (headers: Record<string, string> = {}): Promise<Response> =>
      fetch(url + TRANSLATE, { method: 'POST', body: recording(babble(1_000)), headers });
    expect(await (await send()).json()).toMatchObject({ text: '1000 ms of audio' });
    expect(await (await send({ accept: 'text/event-stream' })).text()).toContain('translation.done');
    expect((await (await send({ accept: 'audio/wav' })).arrayBuffer()).byteLength).toBeGreaterThan(44);
  });
});

describe('a recording for a server that hears none', () => {
  it('is refused before it is decoded', async () => {
    const { url, script } = await start({ like: 'hf', level: 'inline' });
    const answer = await fetch(url + TRANSLATE, { method: 'POST', body: recording(babble(500)) });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ code: 'unsupported-language' });
    expect(script.requestCount).toBe(0);
  });

  it('is refused as a job before any of it is sent', async () => {
    const { url } = await start({ like: 'hf', level: 'inline' });
    const client = new RawClient(Number(new URL(url).port));
    client.write(
      `POST /api/realtime/jobs HTTP/1.1\r\nHost: a\r\nContent-Type: ${MULTIPART}\r\nContent-Length: 1900000000\r\n\r\n`,
    );
    await client.sees(/\r\n\r\n.*"code":"unsupported-language"/);
    client.leave();
  });
});

describe.each(HEARING.filter(({ level }) => level === 'sweep'))('real speech on $like', (pairing) => {
  it('is understood and translated', async () => {
    const { url } = await startSpeaking(pairing);
    const form = new FormData();
    form.append('file', new Blob([await speak('We have two dogs and three cats.')]), 'said.wav');
    form.append('source', 'en');
    form.append('target', 'es');
    const answer = await fetch(url + TRANSLATE, { method: 'POST', body: form });
    const { text } = (await answer.json()) as { text: string };
    expect(text.toLowerCase()).toContain('dos perros y tres gatos');
  });
});

describe.each(PAIRINGS.filter(({ level }) => level !== 'fresh'))('a call on $like', (pairing) => {
  it('is transcribed and answered in sound', async () => {
    const service = await startSpeaking(pairing, { POOL_WARM: '0' });
    const pcm = Buffer.concat([silence(300), await speakSamples('We have two dogs.'), silence(1_500)]);
    const client = await converse(service.url, '/realtime-voice?source=en&target=es');
    for (let byte = 0; byte < pcm.length; byte += 1_920)
      client.send({
        type: 'input_audio_buffer.append',
        audio: pcm.subarray(byte, byte + 1_920).toString('base64'),
      });
    const done = await client.next('response.done');
    expect(at(done, 'response.status')).toBe('completed');
    expect(client.types()).toContain('conversation.item.input_audio_transcription.completed');
    expect(client.types()).toContain('response.output_audio.delta');
    client.socket.close();
    await once(client.socket, 'close');
  });
});
