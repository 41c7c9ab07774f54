/** Bare Express 5 with `express.json` and one shared socket: no validation, authentication, limits or logging. */
import type { AddressInfo } from 'node:net';
import express from 'express';
import { SharedSocket } from './shared-socket.js';

const upstream = await SharedSocket.open(process.env.REALTIME_URL ?? '');
const app = express();
app.post('/api/realtime/translate', express.json(), async (req, res) => {
  const { text, connectId } = req.body as { text: string; connectId: string };
  res.json({ connectId, text: await upstream.translate(text) });
});
const server = app.listen(0, '127.0.0.1', () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.on('disconnect', () => process.exit(0));
