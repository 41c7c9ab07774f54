/**
 * Works like the original project: each conversation opens its own socket, configures it, adds its prompt and waits for
 * every acknowledgement; an upload becomes a file, which ffprobe inspects and ffmpeg converts into another file.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import express from 'express';
import multer from 'multer';
import { WebSocket } from 'ws';

const { REALTIME_URL = '', FFMPEG = 'ffmpeg', FFPROBE = 'ffprobe', UPLOAD_DIR = '.' } = process.env;
const run = promisify(execFile);

type Content = { type: 'input_text'; text: string } | { type: 'input_audio'; audio: string };

class Conversation {
  readonly connectId = randomUUID();
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static async open(prompt: string): Promise<Conversation> {
    const socket = new WebSocket(REALTIME_URL);
    await once(socket, 'message');
    const conversation = new Conversation(socket);
    const session = { type: 'realtime', output_modalities: ['text'] };
    await conversation.#request({ type: 'session.update', session }, 'session.updated');
    await conversation.#addItem('system', { type: 'input_text', text: prompt });
    return conversation;
  }

  async translate(question: Content): Promise<string> {
    await this.#addItem('user', question);
    return await this.#request({ type: 'response.create' }, 'response.done');
  }

  close(): void {
    this.#socket.close();
  }

  async #addItem(role: string, content: Content): Promise<void> {
    const item = { type: 'message', role, content: [content] };
    await this.#request({ type: 'conversation.item.create', item }, 'conversation.item.added');
  }

  /** Sends an event and waits for the one of type `answer`. @returns the text received until then */
  #request(event: object, answer: string): Promise<string> {
    return new Promise((resolve) => {
      let text = '';
      const onMessage = (data: Buffer): void => {
        const { type, delta } = JSON.parse(data.toString()) as { type: string; delta?: string };
        if (type === 'response.output_text.delta') text += delta ?? '';
        if (type !== answer) return;
        this.#socket.off('message', onMessage);
        resolve(text);
      };
      this.#socket.on('message', onMessage);
      this.#socket.send(JSON.stringify(event));
    });
  }
}

/** PCM16 mono 24 kHz as base64, by two programs and two files. */
async function normalise(file: string): Promise<string> {
  const target = path.join(UPLOAD_DIR, `${randomUUID()}.pcm`);
  try {
    await run(FFPROBE, ['-v', 'error', '-show_format', '-show_streams', '-of', 'json', file]);
    await run(FFMPEG, ['-v', 'error', '-y', '-i', file, '-ac', '1', '-ar', '24000', '-f', 's16le', target]);
    return (await readFile(target)).toString('base64');
  } finally {
    await Promise.all([rm(file), rm(target, { force: true })]);
  }
}

const upload = multer({ dest: UPLOAD_DIR });
const app = express();
app.use(express.json());
app.post('/api/realtime/translate', upload.single('file'), async (req, res) => {
  const { text, prompt } = req.body as { text: string; prompt: string };
  const question: Content =
    req.file === undefined
      ? { type: 'input_text', text }
      : { type: 'input_audio', audio: await normalise(req.file.path) };
  const conversation = await Conversation.open(prompt);
  const answer = await conversation.translate(question);
  conversation.close();
  res.json({ data: { connectId: conversation.connectId, responses: [answer] } });
});
const server = app.listen(0, '127.0.0.1', () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.on('disconnect', () => process.exit(0));
