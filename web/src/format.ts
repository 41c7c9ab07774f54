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

/** 3 145 728 → 3.1 MB */
export function formatBytes(bytes: number, locale: string): string {
  const [value, unit] =
    bytes < 1e6 ? [bytes / 1e3, 'kilobyte'] : bytes < 1e9 ? [bytes / 1e6, 'megabyte'] : [bytes / 1e9, 'gigabyte'];
  const options = { style: 'unit', unit, maximumFractionDigits: 1 };
  return new Intl.NumberFormat(locale, options as Intl.NumberFormatOptions).format(value);
}
