/** The upstream as a process of its own: the scripted server, its replay, and both far away. */
import { Script } from '../test/support/fault-server/script.js';
import { startOfflineServer } from '../src/offline/server/server.js';
import { answerCommands } from './ipc.js';
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
  /** One more replay, over TLS. @returns where */
  secure(certificate: Certificate): Promise<string>;
  /** From now on the scripted server answers nobody, */
  hold(): Promise<void>;
  /** so many wait at the same time, */
  untilHeld(count: number): Promise<void>;
  /** and now all are answered. */
  release(): Promise<void>;
}

class Gate {
  #opened = Promise.resolve();
  #open = (): void => undefined;

  shut(): void {
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

answerCommands<UpstreamCommands>({
  urls: () => Promise.resolve(urls),
  secure: (certificate) => startReplay(server.url, certificate).then(({ url }) => url),
  hold: () => {
    gate.shut();
    return Promise.resolve();
  },
  untilHeld: (count) => script.until(() => script.answering >= count, HELD_WITHIN_MS),
  release: () => {
    gate.open();
    return Promise.resolve();
  },
});
