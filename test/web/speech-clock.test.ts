/** When a sentence ended, by offsets in the sound that was sent. */
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { SpeechClock } from '../../web/src/places/interpreter/speech-clock.js';

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
});
afterEach(() => {
  jest.useRealTimers();
});

/** Ten seconds of sound in frames of 40 ms, sent as they are recorded. */
function speakFor(clock: SpeechClock, ms: number): void {
  for (let sent = 0; sent < ms; sent += 40) {
    jest.advanceTimersByTime(40);
    clock.sent(40);
  }
}

it('is the offset less the closing silence, on the clock of the page', () => {
  const clock = new SpeechClock();
  clock.silenceMs = 700;
  const began = performance.now();
  speakFor(clock, 10_000);
  // The event arrives late; what it names does not move.
  jest.advanceTimersByTime(300);
  expect(clock.endOf(6_000) - began).toBeCloseTo(5_300);
});

it('counts from the beginning of each session', () => {
  const clock = new SpeechClock();
  speakFor(clock, 4_000);
  clock.restart();
  const began = performance.now();
  speakFor(clock, 2_000);
  expect(clock.endOf(1_500) - began).toBeCloseTo(1_000);
});

it('is the closing silence ago where the service names no offset', () => {
  expect(performance.now() - new SpeechClock().endOf(undefined)).toBeCloseTo(500);
});
