/**
 * Imitations of speech recognition servers, made from their sources: whisper.cpp 233fe1fc, speaches 870e1e16, LocalAI
 * 82c191af, vLLM (speech_to_text serving, 2026), and OpenAI's models that answer JSON only.
 */
import type { ServerResponse } from 'node:http';
import { readMultipart, type MultipartForm } from './multipart.js';
import { PartServer, sendJson, type PartCall } from './part-server.js';

/** What was said, by the length of the recording in milliseconds. */
export type Heard = (ms: number) => string;

const heardByLength: Heard = (ms) => `Heard ${Math.round(ms / 100) / 10} seconds.`;

/** Milliseconds of a WAV that is exactly as it should be: 16 kHz, mono, PCM16, honest sizes. */
function lengthOf({ file }: MultipartForm): number {
  const { bytes, name, type } = file;
  const header = [bytes.toString('latin1', 0, 4), bytes.toString('latin1', 8, 16), bytes.readUInt32LE(4)];
  const format = [
    bytes.readUInt16LE(20),
    bytes.readUInt16LE(22),
    bytes.readUInt32LE(24),
    bytes.readUInt16LE(34),
  ];
  const isRight =
    name === 'audio.wav' &&
    type === 'audio/wav' &&
    header.join() === `RIFF,WAVEfmt ,${bytes.length - 8}` &&
    format.join() === '1,1,16000,16' &&
    bytes.readUInt32LE(40) === bytes.length - 44;
  if (!isRight)
    throw new Error(`not the recording that was agreed: ${[name, type, ...header, ...format].join()}`);
  return (bytes.length - 44) / 32;
}

function formOf(call: PartCall): MultipartForm {
  return readMultipart(call.headers['content-type'] ?? '', call.body);
}

/** The fields of the last recording that a server received. */
export function lastFields(server: PartServer): Readonly<Record<string, string>> {
  const call = server.calls.at(-1);
  if (call === undefined) throw new Error('no call');
  return formOf(call).fields;
}

/** `/inference`; segments on lines of their own, each with a leading blank; English unless told. */
export function startWhisperCpp(heard: Heard = heardByLength): Promise<PartServer> {
  return PartServer.start('/inference', (call, res) => {
    res.setHeader('Server', 'whisper.cpp');
    if (call.path !== '/inference') {
      res.writeHead(404, { 'Content-Type': 'text/plain' }).end(`File Not Found (${call.path})`);
      return;
    }
    const form = formOf(call);
    const text = ` ${heard(lengthOf(form)).replace(/([.?!]) /g, '$1\n ')}\n`;
    const isEnglish = (form.fields.language ?? 'en') === 'en';
    sendJson(
      res,
      JSON.stringify({ text: isEnglish ? text : `${text.trimEnd()} [${form.fields.language ?? ''}]\n` }),
    );
  });
}

/** 200 with an error, as old versions of whisper.cpp answer. */
export function startOldWhisperCpp(): Promise<PartServer> {
  return PartServer.start('/inference', (_call, res) => {
    sendJson(res, '{"error":"failed to process audio"}');
  });
}

export function startSpeachesStt(heard: Heard = heardByLength): Promise<PartServer> {
  const model = 'Systran/faster-whisper-small';
  return PartServer.start('/v1', (call, res) => {
    if (isListing(call, res, '/v1', model)) return;
    const form = formOf(call);
    if (form.fields.model !== model) {
      const asked = form.fields.model ?? '';
      const detail = `Model '${asked}' is not installed locally. You can download the model using \`POST /v1/models\``;
      sendJson(res, JSON.stringify({ detail }), 404);
      return;
    }
    sendJson(res, JSON.stringify({ text: heard(lengthOf(form)), logprobs: null, usage: null }));
  });
}

/** Sends what `verbose_json` would hold, unasked, and a line feed; the language is the one that its backend used. */
export function startLocalAiStt(heard: Heard = heardByLength, detected = 'de'): Promise<PartServer> {
  return PartServer.start('/v1', (call, res) => {
    if (isListing(call, res, '/v1', 'whisper-1')) return;
    const form = formOf(call);
    const ms = lengthOf(form);
    const language = form.fields.language ?? detected;
    sendJson(res, `${JSON.stringify({ text: heard(ms), language, duration: ms / 1_000 })}\n`);
  });
}

/** Voxtral: refuses every format but `json` and `text`. */
export function startVllmStt(heard: Heard = heardByLength): Promise<PartServer> {
  const model = 'mistralai/Voxtral-Mini-3B-2507';
  return PartServer.start('/v1', (call, res) => {
    if (isListing(call, res, '/v1', model)) return;
    const form = formOf(call);
    const fail = (message: string, type: string, code: number): void => {
      sendJson(res, JSON.stringify({ error: { message, type, param: null, code } }), code);
    };
    if (form.fields.model !== model)
      fail(`The model \`${form.fields.model ?? ''}\` does not exist.`, 'NotFoundError', 404);
    else if (form.fields.response_format === 'verbose_json')
      fail(`Currently do not support verbose_json for ${model}`, 'BadRequestError', 400);
    else {
      const ms = lengthOf(form);
      const usage = { type: 'duration', seconds: Math.ceil(ms / 1_000) };
      sendJson(res, JSON.stringify({ text: ` ${heard(ms)}`, usage }));
    }
  });
}

/** gpt-4o-transcribe: wants a key, and answers JSON with the tokens used. */
export function startJsonOnlyStt(heard: Heard = heardByLength, key = 'sk-stt'): Promise<PartServer> {
  return PartServer.start('/v1', (call, res) => {
    if (call.headers.authorization !== `Bearer ${key}`) {
      const message = `Incorrect API key provided: ${call.headers.authorization ?? 'none'}.`;
      const error = { message, type: 'invalid_request_error', param: null, code: 'invalid_api_key' };
      sendJson(res, JSON.stringify({ error }), 401);
      return;
    }
    if (isListing(call, res, '/v1', 'gpt-4o-transcribe')) return;
    const form = formOf(call);
    if (form.fields.response_format !== 'json') {
      const message = `response_format '${form.fields.response_format ?? ''}' is not compatible with model 'gpt-4o-transcribe-api-ev3'. Use 'json' or 'text' instead.`;
      const error = {
        message,
        type: 'invalid_request_error',
        param: 'response_format',
        code: 'unsupported_value',
      };
      sendJson(res, JSON.stringify({ error }), 400);
      return;
    }
    const usage = { type: 'tokens', total_tokens: 20, input_tokens: 14, output_tokens: 6 };
    sendJson(res, JSON.stringify({ text: heard(lengthOf(form)), usage }));
  });
}

function isListing({ method, path }: PartCall, res: ServerResponse, base: string, id: string): boolean {
  if (method !== 'GET' || path !== `${base}/models`) return false;
  sendJson(
    res,
    JSON.stringify({ object: 'list', data: [{ id, object: 'model', created: 0, owned_by: 'x' }] }),
  );
  return true;
}
