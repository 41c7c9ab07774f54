/** Exports of histories, and the format of durations. */
import { describe, expect, it } from '@jest/globals';
import { toJson, toText, fileName } from '../../web/src/export.js';
import { formatClock, formatDuration, formatLength } from '../../web/src/format.js';

const AT = new Date(2026, 2, 1, 14, 5).getTime();

describe('an exported history', () => {
  it('is plain text with times and labels', () => {
    const lines = [
      { at: AT, label: 'Good morning', text: 'Buenos días' },
      { at: AT + 60_000, label: 'Recording, 0:03', text: 'Gracias\nAdiós' },
    ];
    expect(toText('Translations', lines)).toBe(
      'Translations\n\n2026-03-01 14:05  Good morning\nBuenos días\n\n2026-03-01 14:06  Recording, 0:03\nGracias\nAdiós\n',
    );
  });

  it('is JSON with times in UTC', () => {
    const parsed: unknown = JSON.parse(toJson([{ at: AT, translation: 'Buenos días' }]));
    expect(parsed).toEqual([{ at: new Date(AT).toISOString(), translation: 'Buenos días' }]);
  });

  it('has a name that sorts by time', () => {
    expect(fileName('translations', AT, 'json')).toBe('translations-2026-03-01-1405.json');
  });
});

describe('durations', () => {
  it('are shown as minutes and seconds', () => {
    expect([formatClock(0), formatClock(59_999), formatClock(65_000), formatClock(3_600_000)]).toEqual([
      '0:00',
      '0:59',
      '1:05',
      '60:00',
    ]);
  });

  it('are shown in a fitting unit', () => {
    expect([formatDuration(640.4), formatDuration(1240)]).toEqual(['640 ms', '1.2 s']);
  });

  it('of limits and of what is left are in the words of the language, rounded up', () => {
    const long = (seconds: number) => formatLength(seconds, 'en', 'long').replaceAll('\u00a0', ' ');
    expect([14_400, 5_400, 5_000, 240, 95, 1].map(long)).toEqual([
      ...['4 hours', '1.5 hours', '84 minutes', '4 minutes', '95 seconds', '1 second'],
    ]);
    expect(formatLength(14_400, 'zh-Hans', 'long')).toMatch(/^4.?小时$/);
  });
});
