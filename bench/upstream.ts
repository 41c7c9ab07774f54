/** The upstream as a process of its own: the scripted server, its replay, and both far away. */
import { Script } from '../src/offline/script.js';
import { startOfflineServer } from '../src/offline/server.js';
import { answerCommands } from './ipc.js';
import { startDelay } from './upstream/delay.js';
import { startReplay } from './upstream/replay.js';

export const ANSWER = 'El tiempo es bello hoy.';
const ROUND_TRIP_MS = 100;

export interface UpstreamUrls {
  readonly scripted: string;
  readonly replay: string;
  /** The replay, a round trip of 100 ms away. */
  readonly distant: string;
}

export interface UpstreamCommands {
  urls(): Promise<UpstreamUrls>;
}

const script = new Script({ record: false, answer: () => ANSWER });
const server = await startOfflineServer({ dialect: 'ga', responder: script, script });
const replay = await startReplay(server.url);
const urls = {
  scripted: server.url,
  replay: replay.url,
  distant: await startDelay(replay.url, ROUND_TRIP_MS),
};

answerCommands<UpstreamCommands>({ urls: () => Promise.resolve(urls) });
