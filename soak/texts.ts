/** Text requests: JSON and forms; answers as JSON, streams and speech; faults that the text itself requests. */
import { REQUESTED_FAULTS, answerTo, speechOf, type RequestedFault } from './oracle.js';
import { Failure, WrongAnswer } from './results.js';
import {
  expectJson,
  expectProblem,
  failureOf,
  type Answer,
  type Problem,
  type Scenario,
} from './scenario.js';
import { pause } from './pause.js';

export const TRANSLATE = '/api/realtime/translate';

export interface Translated {
  readonly connectId: string;
  readonly text: string;
  readonly audio?: { readonly base64: string };
}

/** @throws WrongAnswer */
export function checkText(question: string, actual: string): void {
  const expected = answerTo(question);
  if (actual !== expected) throw new WrongAnswer(`asked ${question}; got ${actual} instead of ${expected}`);
}

/** @throws WrongAnswer */
export function checkSpeech(text: string, actual: Buffer): void {
  if (actual.equals(speechOf(text))) return;
  throw new WrongAnswer(`${actual.length} bytes that are not the speech for ${text}`);
}

/** The scripted upstream ignores the other fields. */
export async function jsonText(scenario: Scenario): Promise<string> {
  const text = scenario.uniqueText(scenario.random.between(1, 60));
  const more = scenario.random.pick<object>([
    {},
    { source: 'en', target: 'es' },
    { prompt: `Translate as number ${scenario.number % 50} would.`, context: 'Not to be translated.' },
    { target: 'fr', context: scenario.uniqueText(20) },
  ]);
  const translated = expectJson(await scenario.post(TRANSLATE, { text, ...more })) as Translated;
  checkText(text, translated.text);
  return 'ok';
}

export async function formText(scenario: Scenario): Promise<string> {
  const text = scenario.uniqueText(scenario.random.between(1, 30));
  const body = scenario.random.pick<URLSearchParams | FormData>([new URLSearchParams(), new FormData()]);
  body.append('q', text);
  body.append('target_lang', 'es');
  const answer = await scenario.request(TRANSLATE, { method: 'POST', body });
  checkText(text, (expectJson(answer) as Translated).text);
  return 'ok';
}

/** Path and fields of the browser client of the original project. */
export async function originalText(scenario: Scenario): Promise<string> {
  const text = scenario.uniqueText(12);
  const body = new FormData();
  for (const [name, value] of Object.entries({ question: text, IsAudio: 'false', prompt: 'Translate.' }))
    body.append(name, value);
  const answer = await scenario.request('/api/RealTime/AudioTranslate', { method: 'POST', body });
  checkText(text, (expectJson(answer) as { data: { responses: string[] } }).data.responses[0] ?? '');
  return 'ok';
}

export async function spokenText(scenario: Scenario): Promise<string> {
  const text = scenario.uniqueText(scenario.random.between(1, 20));
  if (scenario.random.next() < 0.5) {
    const answer = await scenario.post(TRANSLATE, { text }, { headers: { accept: 'audio/wav' } });
    if (answer.status !== 200) throw failureOf(answer);
    checkText(text, decodeURIComponent(answer.headers.get('x-translation-text') ?? ''));
    checkSpeech(answerTo(text), answer.body.subarray(44));
  } else {
    const translated = expectJson(await scenario.post(TRANSLATE, { text, output: 'audio' })) as Translated;
    checkText(text, translated.text);
    checkSpeech(answerTo(text), Buffer.from(translated.audio?.base64 ?? '', 'base64').subarray(44));
  }
  return 'ok';
}

interface SentEvent {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** Yields the events of a stream. @throws Failure if the request is rejected or the stream breaks off */
export async function* streamText(
  scenario: Scenario,
  body: object,
  signal?: AbortSignal,
): AsyncGenerator<SentEvent> {
  const response = await scenario.fetch(TRANSLATE, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
  if (response.status !== 200 || response.body === null) {
    const answer: Answer = {
      ...{ status: response.status, headers: response.headers },
      body: Buffer.from(await response.arrayBuffer()),
    };
    throw failureOf(answer);
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const timeout = AbortSignal.timeout(60_000);
  let rest = '';
  for (;;) {
    const { done, value } = await scenario.toFailure(timeout, reader.read());
    if (done) return;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
      if (event !== undefined && data !== undefined)
        yield { event, data: JSON.parse(data) as Record<string, unknown> };
    }
  }
}

/** @param pauseMs the reader's pause after each event */
export async function streamed(scenario: Scenario, pauseMs = 0): Promise<string> {
  const text = scenario.uniqueText(pauseMs === 0 ? scenario.random.between(1, 40) : 150);
  const output = pauseMs > 0 || scenario.random.next() < 0.3 ? 'audio' : 'text';
  const names: string[] = [];
  let words = '';
  const spoken: Buffer[] = [];
  for await (const { event, data } of streamText(scenario, { text, output })) {
    names.push(event);
    if (event === 'error') {
      const { code, detail, partial = '' } = data as unknown as Problem;
      if (partial !== words) throw new WrongAnswer(`partial is ${partial}, but ${words} was received`);
      throw new Failure(code, `after ${names.length} events: ${detail ?? ''}`);
    }
    if (event === 'translation.text.delta') words += String(data.delta);
    if (event === 'translation.audio.delta') spoken.push(Buffer.from(String(data.base64), 'base64'));
    if (event === 'translation.done') checkText(text, String(data.text));
    if (pauseMs > 0) await pause(pauseMs);
  }
  if (names[0] !== 'translation.started' || names.at(-1) !== 'translation.done')
    throw new Failure('broken-off', `the stream was ${names.join(', ')}`);
  checkText(text, words);
  if (output === 'audio') checkSpeech(words, Buffer.concat(spoken));
  return 'ok';
}

/** The first word of the text requests a fault of this response, so the result is known. */
export async function requestedFault(
  scenario: Scenario,
  faults: readonly [RequestedFault, ...RequestedFault[]],
): Promise<string> {
  const fault = scenario.random.pick(faults);
  const text = `${fault} ${scenario.uniqueText(scenario.random.between(4, 12))}`;
  const expectedCode = REQUESTED_FAULTS[fault];
  const answer = await scenario.post(TRANSLATE, { text });
  if (expectedCode === 'ok') {
    checkText(text, (expectJson(answer) as Translated).text);
    return 'ok';
  }
  const { partial = '' } = expectProblem(answer, expectedCode);
  if (!answerTo(text).startsWith(partial)) throw new WrongAnswer(`asked ${text}; got in part ${partial}`);
  return expectedCode;
}
