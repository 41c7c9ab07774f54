/** The clients: each does one thing after the other, with a pause between, and every end goes into the ledger. */
import * as conversations from './conversations.js';
import { Ledger } from './ledger.js';
import type { ServiceNode } from './node.js';
import type { AskedFault } from './question.js';
import { Random } from './random.js';
import { trickle, upload, type Recordings } from './recordings.js';
import * as sessions from './sessions.js';
import * as strangers from './strangers.js';
import * as texts from './texts.js';
import { Trip } from './trip.js';
import { pause } from './pause.js';

/** Returns `ok`, or the code of the failure that it asked for; throws what else came. */
type Act = (trip: Trip) => Promise<string>;

export interface CrowdSetup {
  readonly clients: number;
  readonly seed: number;
  readonly keys: readonly [string, string, ...string[]];
  readonly target: () => ServiceNode;
  /** Any node knows the sessions of all. */
  readonly sharesSessions: boolean;
  /** Without what takes tens of seconds. */
  readonly isShort: boolean;
  readonly recordings: Recordings;
  readonly ledger: Ledger;
}

/** Between two acts of one client. */
const PAUSE_MS = 200;

const FAULTS: readonly [AskedFault, ...AskedFault[]] = [
  ...(['!slow', '!malformed', '!unknown', '!foreign', '!twice'] as const),
  ...(['!failed', '!limited', '!length', '!filtered', '!refused'] as const),
];

/** Kind, share, act. */
function actsOf({ recordings, isShort }: CrowdSetup): readonly [string, number, Act][] {
  const compressed = (trip: Trip): 'mp3' | 'ogg' => trip.random.pick(['mp3', 'ogg'] as const);
  return [
    ['text, JSON', 16, texts.jsonText],
    ['text, form', 8, texts.formText],
    ['text, original client', 3, texts.originalText],
    ['text, stream', 10, (trip) => texts.streamed(trip)],
    ['text, speech back', 6, texts.spokenText],
    ['text, fault asked for', 8, (trip) => texts.faulty(trip, FAULTS)],
    ['text, answer that hangs', isShort ? 0 : 0.1, (trip) => texts.faulty(trip, ['!hangs'])],
    ['slow reader of speech', 1, (trip) => texts.streamed(trip, 30)],
    ['audio, ready PCM', 8, (trip) => upload(trip, recordings.pick(trip, 'ready'))],
    ['audio, 44.1 kHz stereo', 5, (trip) => upload(trip, recordings.pick(trip, 'stereo'))],
    ['audio, mp3 and ogg', 5, (trip) => upload(trip, recordings.pick(trip, compressed(trip)))],
    ['audio, slow upload', 2, (trip) => trickle(trip, recordings.pick(trip, 'stereo'))],
    ['session, whole life', 5, sessions.usedSession],
    ['session, deleted in use', 3, sessions.deletedSession],
    ['conversation, written', 5, conversations.writtenTalk],
    ['conversation, spoken', 4, conversations.spokenTalk],
    ['conversation, rude', 1, conversations.rudeTalk],
    ['leaves while sending', 2, (trip) => strangers.leaveWhileSending(trip, recordings.pick(trip, 'stereo'))],
    ['leaves while waiting', 3, (trip) => strangers.leaveWhileWaiting(trip, recordings.pick(trip, 'stereo'))],
    ['leaves while reading', 3, strangers.leaveWhileReading],
    ['bad input', 6, strangers.badInput],
    ['bad bytes', 1, strangers.badBytes],
    ['status', 3, strangers.watched],
  ];
}

/** Resolves when every client has ended what it was at after `over`. */
export async function runCrowd(setup: CrowdSetup, over: AbortSignal): Promise<void> {
  const acts = actsOf(setup);
  const total = acts.reduce((sum, [, share]) => sum + share, 0);
  let trips = 0;
  const client = async (place: number): Promise<void> => {
    const random = new Random(setup.seed * 1_000 + place);
    while (!over.aborted) {
      await pause(random.between(0, 2 * PAUSE_MS), over);
      let ticket = random.next() * total;
      const [name, , act] = acts.find(([, share]) => (ticket -= share) < 0) ?? acts[0] ?? [];
      if (name === undefined || act === undefined) return;
      const [key, strangersKey] = random.shuffled(setup.keys);
      const keys = [key ?? setup.keys[0], strangersKey ?? setup.keys[1]] as const;
      const { target, sharesSessions } = setup;
      const trip = new Trip({ random, keys, number: ++trips, target, sharesSessions });
      const startedAt = performance.now();
      try {
        setup.ledger.succeeded(name, startedAt, await act(trip));
      } catch (error) {
        setup.ledger.failed(name, startedAt, trip.steps, error);
      }
    }
  };
  await Promise.all(Array.from({ length: setup.clients }, (_, place) => client(place)));
}
