/** The load: each client runs one scenario after another with a pause between; every result is recorded. */
import * as conversations from './conversations.js';
import { Results } from './results.js';
import type { ServiceNode } from './node.js';
import type { RequestedFault } from './oracle.js';
import { Random } from './random.js';
import { slowUpload, upload, type Recordings } from './recordings.js';
import * as sessions from './sessions.js';
import * as abuse from './abuse.js';
import * as texts from './texts.js';
import { Scenario } from './scenario.js';
import { pause } from './pause.js';

/** Returns `ok`, or the code of the failure that it asked for; throws on any other result. */
type RunScenario = (scenario: Scenario) => Promise<string>;

export interface LoadOptions {
  readonly clients: number;
  readonly seed: number;
  readonly keys: readonly [string, string, ...string[]];
  readonly pickNode: () => ServiceNode;
  /** Every node knows the sessions of all nodes. */
  readonly sharesSessions: boolean;
  /** Leaves out scenarios that take tens of seconds. */
  readonly isShort: boolean;
  readonly recordings: Recordings;
  readonly results: Results;
}

/** The mean pause between two scenarios of a client. */
const PAUSE_MS = 200;

const FAULTS: readonly [RequestedFault, ...RequestedFault[]] = [
  ...(['!slow', '!malformed', '!unknown', '!foreign', '!twice'] as const),
  ...(['!failed', '!limited', '!length', '!filtered', '!refused'] as const),
];

/** Name, relative frequency, function. */
function scenariosOf({ recordings, isShort }: LoadOptions): readonly [string, number, RunScenario][] {
  const compressedFormat = (scenario: Scenario): 'mp3' | 'ogg' =>
    scenario.random.pick(['mp3', 'ogg'] as const);
  return [
    ['text, JSON', 16, texts.jsonText],
    ['text, form', 8, texts.formText],
    ['text, original client', 3, texts.originalText],
    ['text, stream', 10, (scenario) => texts.streamed(scenario)],
    ['text, spoken reply', 6, texts.spokenText],
    ['text, requested fault', 8, (scenario) => texts.requestedFault(scenario, FAULTS)],
    ['text, answer that hangs', isShort ? 0 : 0.1, (scenario) => texts.requestedFault(scenario, ['!hangs'])],
    ['slow reader of speech', 1, (scenario) => texts.streamed(scenario, 30)],
    ['audio, 24 kHz mono PCM', 8, (scenario) => upload(scenario, recordings.pick(scenario, 'ready'))],
    ['audio, 44.1 kHz stereo', 5, (scenario) => upload(scenario, recordings.pick(scenario, 'stereo'))],
    [
      'audio, mp3 and ogg',
      5,
      (scenario) => upload(scenario, recordings.pick(scenario, compressedFormat(scenario))),
    ],
    ['audio, slow upload', 2, (scenario) => slowUpload(scenario, recordings.pick(scenario, 'stereo'))],
    ['session, life cycle', 5, sessions.sessionLifecycle],
    ['session, deleted in use', 3, sessions.sessionDeletedInUse],
    ['conversation, text', 5, conversations.textConversation],
    ['conversation, voice', 4, conversations.voiceConversation],
    ['conversation, rejected events', 1, conversations.rejectedEvents],
    [
      'client leaves, sending',
      2,
      (scenario) => abuse.leaveWhileSending(scenario, recordings.pick(scenario, 'stereo')),
    ],
    [
      'client leaves, waiting',
      3,
      (scenario) => abuse.leaveWhileWaiting(scenario, recordings.pick(scenario, 'stereo')),
    ],
    ['client leaves, reading', 3, abuse.leaveWhileReading],
    ['invalid requests', 6, abuse.invalidRequest],
    ['invalid HTTP', 1, abuse.invalidHttp],
    ['status', 3, abuse.statusEndpoint],
  ];
}

/** Resolves once the signal has aborted and every client has finished its current scenario. */
export async function runLoad(options: LoadOptions, signal: AbortSignal): Promise<void> {
  const scenarios = scenariosOf(options);
  const total = scenarios.reduce((sum, [, share]) => sum + share, 0);
  let started = 0;
  const client = async (index: number): Promise<void> => {
    const random = new Random(options.seed * 1_000 + index);
    while (!signal.aborted) {
      await pause(random.between(0, 2 * PAUSE_MS), signal);
      let draw = random.next() * total;
      const [name, , run] = scenarios.find(([, share]) => (draw -= share) < 0) ?? scenarios[0] ?? [];
      if (name === undefined || run === undefined) return;
      const [key, otherKey] = random.shuffled(options.keys);
      const keys = [key ?? options.keys[0], otherKey ?? options.keys[1]] as const;
      const { pickNode, sharesSessions } = options;
      const scenario = new Scenario({ random, keys, number: ++started, pickNode, sharesSessions });
      const startedAt = performance.now();
      try {
        options.results.succeeded(name, startedAt, await run(scenario));
      } catch (error) {
        options.results.failed(name, startedAt, scenario.nodeRequests, error);
      }
    }
  };
  await Promise.all(Array.from({ length: options.clients }, (_, index) => client(index)));
}
