/** The upstream, in its own process: the scripted server, its replay, and the replay behind a delay. */
import { Script } from '../test/support/fault-server/script.js';
import { startOfflineServer } from '../src/offline/server/server.js';
import { serveCommands } from './ipc.js';
import type { Certificate } from './upstream/certificate.js';
import { startDelay } from './upstream/delay.js';
import { startReplay } from './upstream/replay.js';

const ANSWER = 'El tiempo es bello hoy.';
const ROUND_TRIP_MS = 100;

export interface UpstreamUrls {
  readonly scripted: string;
  readonly replay: string;
  /** The replay, a round trip of 100 ms away. */
  readonly distant: string;
}

export interface UpstreamCommands {
  urls(): Promise<UpstreamUrls>;
  /** Starts another replay, over TLS. @returns its URL */
  secure(certificate: Certificate): Promise<string>;
  /** The scripted server answers no request until `release`. */
  hold(): Promise<void>;
  /** Resolves once this many requests wait at the same time. */
  untilHeld(count: number): Promise<void>;
  /** Answers all waiting requests. */
  release(): Promise<void>;
}

class Gate {
  #opened = Promise.resolve();
  #open = (): void => undefined;

  close(): void {
    this.#opened = new Promise((resolve) => (this.#open = resolve));
  }

  open(): void {
    this.#open();
  }

  passed(): Promise<void> {
    return this.#opened;
  }
}

const HELD_WITHIN_MS = 60_000;
const gate = new Gate();

const script = new Script({ record: false, answer: () => gate.passed().then(() => ANSWER) });
const server = await startOfflineServer({ dialect: 'ga', responder: script, hooks: script });
const replay = await startReplay(server.url);
const urls = {
  scripted: server.url,
  replay: replay.url,
  distant: await startDelay(replay.url, ROUND_TRIP_MS),
};

serveCommands<UpstreamCommands>({
  urls: () => Promise.resolve(urls),
  secure: (certificate) => startReplay(server.url, certificate).then(({ url }) => url),
  hold: () => {
    gate.close();
    return Promise.resolve();
  },
  untilHeld: (count) => script.until(() => script.answering >= count, HELD_WITHIN_MS),
  release: () => {
    gate.open();
    return Promise.resolve();
  },
});
