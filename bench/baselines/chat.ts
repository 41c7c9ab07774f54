/** A chat server that answers after `FIRST_TOKEN_MS` with the same words, a chunk each, as vLLM spells them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

const ANSWER = 'El tiempo es bello hoy.';
const firstTokenMs = Number(process.env.FIRST_TOKEN_MS ?? 0);

const frame = (delta: object, finish: string | null = null): string => {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
  return `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 0, model: 'm', choices })}\n\n`;
};

const server = createServer((req, res) => {
  if (req.method === 'GET') {
    res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"object":"list","data":[]}');
    return;
  }
  req.resume().on('end', () => {
    void answer();
  });
  const answer = async (): Promise<void> => {
    await wait(firstTokenMs);
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    for (const [index, word] of ANSWER.split(/(?= )/).entries())
      res.write(frame({ ...(index === 0 && { role: 'assistant' }), content: word }));
    res.end(`${frame({}, 'stop')}data: [DONE]\n\n`);
  };
});
server.listen(0, '127.0.0.1', () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.on('disconnect', () => process.exit(0));
