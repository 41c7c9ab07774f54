/** Which results the soak excuses and which it reports. */
import { expect, it } from '@jest/globals';
import { Failure, Results, WrongAnswer } from '../../soak/results.js';
import type { NodeStats } from '../../soak/node.js';
import { answerTo, answerToSound, readSound, tone } from '../../soak/oracle.js';
import { checkSound } from '../../soak/recordings.js';
import { findingsOf, type Outcome } from '../../soak/report.js';

const MB = 1_048_576;
const IDLE: NodeStats = {
  rss: 100 * MB,
  heap: 30 * MB,
  external: MB,
  sockets: 5,
  children: 0,
  timers: 3,
  blockedMs: 20,
};

function outcome(changes: Partial<Outcome> = {}): Outcome {
  return {
    options: { minutes: 1, clients: 1, seed: 1, redis: false },
    ...{ seconds: 60, results: new Results(), before: IDLE, after: IDLE, samples: Array(9).fill(IDLE) },
    ...{ filesLeft: [], faults: [], errorLines: [], disruptions: new Map(), recoveriesMs: [], ...changes },
  };
}

it('reports nothing if nothing was left, grew or failed', () => {
  expect(findingsOf(outcome())).toEqual([]);
});

it('excuses a failure only by a fault that was active at the time', () => {
  const results = new Results();
  const window = results.beginFault('cut', ['upstream-unavailable']);
  results.failed('text', performance.now(), [], new Failure('upstream-unavailable', ''));
  expect(findingsOf(outcome({ results }))).toEqual([]);
  results.failed('text', performance.now(), [], new Failure('internal', 'a fault of ours'));
  results.endFault(window);
  expect(findingsOf(outcome({ results }))).toEqual([
    '1 unexcused failures: text: a fault of ours (internal)',
  ]);
});

it('reports a failure that began after the fault had ended', async () => {
  const results = new Results();
  results.endFault(results.beginFault('cut', ['upstream-unavailable']));
  await new Promise((resolve) => setImmediate(resolve));
  results.failed('text', performance.now(), [], new Failure('upstream-unavailable', ''));
  expect(findingsOf(outcome({ results }))).toHaveLength(1);
});

it('reports wrong answers and hangs whatever fault is active', () => {
  const results = new Results();
  results.beginFault('everything', ['wrong', 'hang']);
  results.failed('text', performance.now(), [], new WrongAnswer("another's words"));
  results.failed('text', performance.now(), [], new Failure('hang', 'no answer'));
  expect(findingsOf(outcome({ results }))).toEqual([
    "1 wrong answers: text: another's words",
    '1 hangs: text: no answer',
  ]);
});

it.each<[string, Partial<Outcome>]>([
  ['upload', { filesLeft: ['upload-1'] }],
  ['error in a log', { errorLines: ['{"level":"error"}'] }],
  ['failed stop', { faults: ['a stopped node ended with 1'] }],
  ['socket', { after: { ...IDLE, sockets: 6 } }],
  ['process', { after: { ...IDLE, children: 1 } }],
  ['timer', { after: { ...IDLE, timers: 4 } }],
  [
    'growing heap',
    { samples: Array.from({ length: 9 }, (_, at) => ({ ...IDLE, heap: IDLE.heap + at * 2 * MB })) },
  ],
])('reports a %s', (_what, changes) => {
  expect(findingsOf(outcome(changes))).toHaveLength(1);
});

it('distinguishes texts, and tones of neighbouring pitches', () => {
  expect(answerTo('one two')).toBe('eno owt');
  const measured = answerToSound(tone(440, 800));
  expect(readSound(measured)).toMatchObject({ hz: 440, ms: 800 });
  checkSound(measured, { hz: 440, ms: 800 });
  expect(() => {
    checkSound(measured, { hz: 471, ms: 800 });
  }).toThrow(WrongAnswer);
});
