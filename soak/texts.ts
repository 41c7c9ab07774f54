/** Sentences: as JSON and forms, answered as JSON, as a stream and as speech, and with faults that the sentence asks for. */
import { ASKED_FAULTS, answerTo, speechOf, type AskedFault } from './question.js';
import { Failure, WrongAnswer } from './ledger.js';
import { expectJson, expectProblem, failureOf, type Answer, type Problem, type Trip } from './trip.js';
import { pause } from './pause.js';

export const TRANSLATE = '/api/realtime/translate';

export interface Translated {
  readonly connectId: string;
  readonly text: string;
  readonly audio?: { readonly base64: string };
}

/** @throws WrongAnswer */
export function checkText(question: string, given: string): void {
  const right = answerTo(question);
  if (given !== right) throw new WrongAnswer(`asked ${question}; got ${given} instead of ${right}`);
}

/** @throws WrongAnswer */
export function checkSpeech(text: string, given: Buffer): void {
  if (given.equals(speechOf(text))) return;
  throw new WrongAnswer(`${given.length} bytes that are not the speech of ${text}`);
}

/** What a sentence may be sent as; the fields beside it are the service's to ignore. */
export async function jsonText(trip: Trip): Promise<string> {
  const text = trip.words(trip.random.between(1, 60));
  const more = trip.random.pick<object>([
    {},
    { source: 'en', target: 'es' },
    { prompt: `Translate as number ${trip.number % 50} would.`, context: 'Not to be translated.' },
    { target: 'fr', context: trip.words(20) },
  ]);
  const translated = expectJson(await trip.post(TRANSLATE, { text, ...more })) as Translated;
  checkText(text, translated.text);
  return 'ok';
}

export async function formText(trip: Trip): Promise<string> {
  const text = trip.words(trip.random.between(1, 30));
  const body = trip.random.pick<URLSearchParams | FormData>([new URLSearchParams(), new FormData()]);
  body.append('q', text);
  body.append('target_lang', 'es');
  const answer = await trip.ask(TRANSLATE, { method: 'POST', body });
  checkText(text, (expectJson(answer) as Translated).text);
  return 'ok';
}

/** The path and the shape of the browser client of the original project. */
export async function originalText(trip: Trip): Promise<string> {
  const text = trip.words(12);
  const body = new FormData();
  for (const [name, value] of Object.entries({ question: text, IsAudio: 'false', prompt: 'Translate.' }))
    body.append(name, value);
  const answer = await trip.ask('/api/RealTime/AudioTranslate', { method: 'POST', body });
  checkText(text, (expectJson(answer) as { data: { responses: string[] } }).data.responses[0] ?? '');
  return 'ok';
}

export async function spokenText(trip: Trip): Promise<string> {
  const text = trip.words(trip.random.between(1, 20));
  if (trip.random.next() < 0.5) {
    const answer = await trip.post(TRANSLATE, { text }, { headers: { accept: 'audio/wav' } });
    if (answer.status !== 200) throw failureOf(answer);
    checkText(text, decodeURIComponent(answer.headers.get('x-translation-text') ?? ''));
    checkSpeech(answerTo(text), answer.body.subarray(44));
  } else {
    const translated = expectJson(await trip.post(TRANSLATE, { text, output: 'audio' })) as Translated;
    checkText(text, translated.text);
    checkSpeech(answerTo(text), Buffer.from(translated.audio?.base64 ?? '', 'base64').subarray(44));
  }
  return 'ok';
}

interface SentEvent {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** The events of a stream as they come. @throws Failure where there is none, or it breaks off */
export async function* streamText(trip: Trip, body: object, signal?: AbortSignal): AsyncGenerator<SentEvent> {
  const response = await trip.open(TRANSLATE, {
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
  const late = AbortSignal.timeout(60_000);
  let rest = '';
  for (;;) {
    const { done, value } = await trip.guard(late, reader.read());
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

/** @param pauseMs what the reader waits after each event */
export async function streamed(trip: Trip, pauseMs = 0): Promise<string> {
  const text = trip.words(pauseMs === 0 ? trip.random.between(1, 40) : 150);
  const output = pauseMs > 0 || trip.random.next() < 0.3 ? 'audio' : 'text';
  const names: string[] = [];
  let words = '';
  const spoken: Buffer[] = [];
  for await (const { event, data } of streamText(trip, { text, output })) {
    names.push(event);
    if (event === 'error') {
      const { code, detail, partial = '' } = data as unknown as Problem;
      if (partial !== words) throw new WrongAnswer(`partial is ${partial}, but ${words} had come`);
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

/** Its first word asks for a fault of this one response, so the end is known. */
export async function faulty(trip: Trip, faults: readonly [AskedFault, ...AskedFault[]]): Promise<string> {
  const fault = trip.random.pick(faults);
  const text = `${fault} ${trip.words(trip.random.between(4, 12))}`;
  const due = ASKED_FAULTS[fault];
  const answer = await trip.post(TRANSLATE, { text });
  if (due === 'ok') {
    checkText(text, (expectJson(answer) as Translated).text);
    return 'ok';
  }
  const { partial = '' } = expectProblem(answer, due);
  if (!answerTo(text).startsWith(partial)) throw new WrongAnswer(`asked ${text}; got in part ${partial}`);
  return due;
}
