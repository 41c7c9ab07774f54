/**
 * Imitations of speech synthesis servers: Kokoro-FastAPI 26eec068, Piper behind speaches 870e1e16, and one whose header
 * lies. A letter sounds for 50 ms, as a tone.
 */
import { PartServer, sendJson, type PartCall } from './part-server.js';

export interface AskedSpeech {
  readonly model: string;
  readonly input: string;
  readonly voice: string;
  readonly response_format: string;
  readonly stream: boolean;
}

export const MS_PER_LETTER = 50;

export function askedSpeech({ body }: PartCall): AskedSpeech {
  return JSON.parse(body.toString()) as AskedSpeech;
}

/** A tone of 440 Hz, PCM16. */
function tone(text: string, rate: number, channels = 1): Buffer {
  const frames = Math.round((text.length * MS_PER_LETTER * rate) / 1_000);
  const pcm = Buffer.alloc(frames * channels * 2);
  for (let frame = 0; frame < frames; frame += 1)
    for (let channel = 0; channel < channels; channel += 1)
      pcm.writeInt16LE(
        Math.round(9_000 * Math.sin((2 * Math.PI * 440 * frame) / rate)),
        (frame * channels + channel) * 2,
      );
  return pcm;
}

/** As ffmpeg and PyAV write a header to what they cannot seek: no sizes, and a LIST chunk before the samples. */
function streamedHeader(rate: number): Buffer {
  const header = Buffer.alloc(78);
  header.write('RIFF\xff\xff\xff\xffWAVEfmt ', 0, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('LIST\x1a\0\0\0INFOISFT\x0d\0\0\0Lavf61.7.100\0\0data\xff\xff\xff\xff', 36, 'latin1');
  return header;
}

/** Knows its voices and OpenAI's names of models; without `stream: false` it would send a sentence at a time. */
export function startKokoro(): Promise<PartServer> {
  const models = ['tts-1', 'tts-1-hd', 'kokoro', 'gpt-4o-mini-tts'];
  const voices = ['af_heart', 'ef_dora', 'alloy'];
  return PartServer.start('/v1', (call, res) => {
    if (call.method === 'GET') {
      const data = models.map((id) => ({ id, object: 'model', created: 1_686_935_002, owned_by: 'kokoro' }));
      sendJson(res, JSON.stringify({ object: 'list', data }));
      return;
    }
    const { model, voice, input, response_format: format, stream } = askedSpeech(call);
    const fail = (error: string, message: string): void => {
      sendJson(res, JSON.stringify({ detail: { error, message, type: 'invalid_request_error' } }), 400);
    };
    if (!models.includes(model)) fail('invalid_model', `Unsupported model: ${model}`);
    else if (!voices.includes(voice))
      fail('validation_error', `Voice '${voice}' not found. Available voices: ${voices.join(', ')}`);
    else if (stream) throw new Error('the whole speech was to be asked for');
    else {
      const isRaw = format === 'pcm';
      res.writeHead(200, {
        'Content-Type': `audio/${format}`,
        'Content-Disposition': `attachment; filename=speech.${format}`,
        'Cache-Control': 'no-cache',
      });
      res.end(Buffer.concat([...(isRaw ? [] : [streamedHeader(24_000)]), tone(input, 24_000)]));
    }
  });
}

/** 22.05 kHz, through a pipe of ffmpeg, in pieces. */
export function startPiper(): Promise<PartServer> {
  const model = 'speaches-ai/piper-es_ES-davefx-medium';
  return PartServer.start('/v1', (call, res) => {
    if (call.method === 'GET') {
      sendJson(res, JSON.stringify({ data: [{ id: model }], object: 'list' }));
      return;
    }
    const asked = askedSpeech(call);
    if (asked.model !== model) {
      const detail = `Model '${asked.model}' is not installed locally. You can download the model using \`POST /v1/models\``;
      sendJson(res, JSON.stringify({ detail }), 404);
      return;
    }
    const wav = Buffer.concat([streamedHeader(22_050), tone(asked.input, 22_050)]);
    res.writeHead(200, { 'Content-Type': 'audio/wav' });
    for (let at = 0; at < wav.length; at += 4_001) res.write(wav.subarray(at, at + 4_001));
    res.end();
  });
}

/** 44.1 kHz in stereo; the header has the size of the first tenth of a second, and more follows. */
export function startLyingTts(dataBytes = 17_640): Promise<PartServer> {
  return PartServer.start('/v1', (call, res) => {
    if (call.method === 'GET') {
      res.writeHead(404).end();
      return;
    }
    const samples = tone(askedSpeech(call).input, 44_100, 2);
    const header = Buffer.alloc(44);
    header.write('RIFF\0\0\0\0WAVEfmt ', 0, 'latin1');
    header.writeUInt32LE(16, 16);
    header.writeUInt16LE(1, 20);
    header.writeUInt16LE(2, 22);
    header.writeUInt32LE(44_100, 24);
    header.writeUInt32LE(176_400, 28);
    header.writeUInt16LE(4, 32);
    header.writeUInt16LE(16, 34);
    header.write('data', 36, 'latin1');
    header.writeUInt32LE(dataBytes, 40);
    res.writeHead(200, { 'Content-Type': 'application/octet-stream' }).end(Buffer.concat([header, samples]));
  });
}
