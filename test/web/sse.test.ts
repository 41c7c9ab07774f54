/** Server-sent events, split at any character. */
import { describe, expect, it } from '@jest/globals';
import { SseReader } from '../../web/src/api/sse.js';

const STREAM =
  'event: translation.started\ndata: {"connectId":"a"}\n\n: heartbeat\n\nevent: translation.text.delta\ndata: {"delta":"día"}\n\n';
const EVENTS = [
  { name: 'translation.started', data: '{"connectId":"a"}' },
  { name: 'translation.text.delta', data: '{"delta":"día"}' },
];

describe('the reader of server-sent events', () => {
  it('reads events and skips heartbeats', () => {
    expect(new SseReader().push(STREAM)).toEqual(EVENTS);
  });

  it.each([1, 2, 3, 7, 40])('reads the same from chunks of %i characters', (size) => {
    const reader = new SseReader();
    const events = [];
    for (let at = 0; at < STREAM.length; at += size) events.push(...reader.push(STREAM.slice(at, at + size)));
    expect(events).toEqual(EVENTS);
  });

  it.each(['\r\n', '\r', '\n'])('accepts %j as the end of a line, also when it is split', (end) => {
    const reader = new SseReader();
    const stream = `event: a${end}data: 1${end}${end}data: 2${end}${end}:${end}`;
    const events = stream.split('').flatMap((character) => reader.push(character));
    expect(events).toEqual([
      { name: 'a', data: '1' },
      { name: 'message', data: '2' },
    ]);
  });

  it('joins data of several lines, and keeps colons and all but the first space', () => {
    expect(new SseReader().push('data: a: b\ndata:  c\ndata\n\n')).toEqual([
      { name: 'message', data: 'a: b\n c\n' },
    ]);
  });

  it('gives an event its own id, and none to the next', () => {
    expect(new SseReader().push('id: 7\nevent: a\ndata: 1\n\ndata: 2\n\n')).toEqual([
      { name: 'a', data: '1', id: '7' },
      { name: 'message', data: '2' },
    ]);
  });

  it('returns nothing for an incomplete event', () => {
    const reader = new SseReader();
    expect(reader.push('event: a\ndata: 1\n')).toEqual([]);
    expect(reader.push('\n')).toEqual([{ name: 'a', data: '1' }]);
  });

  it('returns nothing for an event without data', () => {
    expect(new SseReader().push('event: a\n\n')).toEqual([]);
  });
});
