/** Raw `node:http` and one shared socket: the minimum cost of any Node server. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SharedSocket } from './shared-socket.js';

const upstream = await SharedSocket.open(process.env.REALTIME_URL ?? '');
const server = createServer((req, res) => {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => {
    const { text, connectId } = JSON.parse(Buffer.concat(chunks).toString()) as {
      text: string;
      connectId: string;
    };
    void upstream.translate(text).then((translated) => {
      const answer = JSON.stringify({ connectId, text: translated });
      res.writeHead(200, {
        'Content-Type': 'application/json; charset=utf-8',
        'Content-Length': Buffer.byteLength(answer),
      });
      res.end(answer);
    });
  });
});
server.listen(0, '127.0.0.1', () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.on('disconnect', () => process.exit(0));
