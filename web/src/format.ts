/** Formats durations and times for display. */

/** 65 000 → 1:05 */
export function formatClock(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** 640 → 640 ms, 1 240 → 1.2 s */
export function formatDuration(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** The time of day for today, date and time for earlier days. */
export function formatTime(at: number, locale: string): string {
  const today = new Date(at).toDateString() === new Date().toDateString();
  const options: Intl.DateTimeFormatOptions = today
    ? { timeStyle: 'short' }
    : { dateStyle: 'medium', timeStyle: 'short' };
  return new Intl.DateTimeFormat(locale, options).format(at);
}

const UNITS = ['kilobyte', 'megabyte', 'gigabyte'] as const;

/** 3 250 586 → 3.1 MB, in steps of 1024, as the bounds of the history are meant. */
export function formatBytes(bytes: number, locale: string): string {
  const step = bytes < 1024 ** 2 ? 1 : bytes < 1024 ** 3 ? 2 : 3;
  const options = { style: 'unit', unit: UNITS[step - 1] ?? 'gigabyte', maximumFractionDigits: 1 };
  const text = new Intl.NumberFormat(locale, options as Intl.NumberFormatOptions).format(
    bytes / 1024 ** step,
  );
  return text.replace(/ /g, '\u00a0'); // the number and its unit stay on one line
}

/** 14 400 → 4 hours, 5 000 → 84 minutes, 95 → 95 seconds, rounded up; `short`: 4 hr. In the words of the language. */
export function formatLength(seconds: number, locale: string, unitDisplay: 'long' | 'short'): string {
  const isHours = seconds >= 3600 && seconds % 1800 === 0;
  const [size, unit] = isHours ? [3600, 'hour'] : seconds >= 120 ? [60, 'minute'] : [1, 'second'];
  const value = isHours ? seconds / size : Math.ceil(seconds / size);
  const text = new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay }).format(value);
  return text.replace(/ /g, '\u00a0'); // the number and its unit stay on one line
}
