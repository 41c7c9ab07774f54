/** What the soak lets pass and what it finds, without a soak. */
import { expect, it } from '@jest/globals';
import { Failure, Ledger, WrongAnswer } from '../../soak/ledger.js';
import type { Reading } from '../../soak/node.js';
import { answerTo, answerToSound, readSound, tone } from '../../soak/question.js';
import { checkSound } from '../../soak/recordings.js';
import { judge, type Outcome } from '../../soak/report.js';

const MB = 1_048_576;
const IDLE: Reading = {
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
    ...{ seconds: 60, ledger: new Ledger(), before: IDLE, after: IDLE, samples: Array(9).fill(IDLE) },
    ...{ filesLeft: [], faults: [], complaints: [], happened: new Map(), recoveriesMs: [], ...changes },
  };
}

it('finds nothing where nothing was left, grew or failed', () => {
  expect(judge(outcome())).toEqual([]);
});

it('excuses a failure by a fault of its time, and by no other', () => {
  const ledger = new Ledger();
  const trouble = ledger.begin('cut', ['upstream-unavailable']);
  ledger.failed('text', performance.now(), [], new Failure('upstream-unavailable', ''));
  expect(judge(outcome({ ledger }))).toEqual([]);
  ledger.failed('text', performance.now(), [], new Failure('internal', 'a fault of ours'));
  ledger.end(trouble);
  expect(judge(outcome({ ledger }))).toEqual([
    '1 failures that nothing excuses: text: a fault of ours (internal)',
  ]);
});

it('finds a failure after the fault has passed', async () => {
  const ledger = new Ledger();
  ledger.end(ledger.begin('cut', ['upstream-unavailable']));
  await new Promise((resolve) => setImmediate(resolve));
  ledger.failed('text', performance.now(), [], new Failure('upstream-unavailable', ''));
  expect(judge(outcome({ ledger }))).toHaveLength(1);
});

it('finds a wrong answer and a hang, whatever goes on', () => {
  const ledger = new Ledger();
  ledger.begin('everything', ['wrong', 'hang']);
  ledger.failed('text', performance.now(), [], new WrongAnswer("another's words"));
  ledger.failed('text', performance.now(), [], new Failure('hang', 'no answer'));
  expect(judge(outcome({ ledger }))).toEqual([
    "1 wrong answers: text: another's words",
    '1 hangs: text: no answer',
  ]);
});

it.each<[string, Partial<Outcome>]>([
  ['upload', { filesLeft: ['upload-1'] }],
  ['error in a log', { complaints: ['{"level":"error"}'] }],
  ['stop that failed', { faults: ['a stopped node ended with 1'] }],
  ['socket', { after: { ...IDLE, sockets: 6 } }],
  ['process', { after: { ...IDLE, children: 1 } }],
  ['timer', { after: { ...IDLE, timers: 4 } }],
  [
    'growing heap',
    { samples: Array.from({ length: 9 }, (_, at) => ({ ...IDLE, heap: IDLE.heap + at * 2 * MB })) },
  ],
])('finds a %s', (_what, changes) => {
  expect(judge(outcome(changes))).toHaveLength(1);
});

it('tells one sentence from another, and one tone from its neighbour', () => {
  expect(answerTo('one two')).toBe('eno owt');
  const heard = answerToSound(tone(440, 800));
  expect(readSound(heard)).toMatchObject({ hz: 440, ms: 800 });
  checkSound(heard, { hz: 440, ms: 800 });
  expect(() => {
    checkSound(heard, { hz: 471, ms: 800 });
  }).toThrow(WrongAnswer);
});
