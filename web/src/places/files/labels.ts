/** Lengths, sizes, languages and errors in the words of the page. */
import { computed } from 'vue';
import type { AppError } from '../../api/errors.js';
import { formatBytes, formatLength } from '../../format.js';
import { AUTO } from '../../language-options.js';
import { useMessages, useServices } from '../../services.js';
import { messages } from './messages.js';

const DAY_MS = 86_400_000;

/** 3 723 000 → 1:02:03, 65 000 → 1:05 */
export function formatPosition(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

export function useLabels() {
  const { i18n, capabilities, languageOptions } = useServices();
  const t = useMessages(messages);
  const size = (bytes: number) => formatBytes(bytes, i18n.preference.locale);
  const timeLeft = (seconds: number) =>
    formatLength(Math.max(1, Math.ceil(seconds)), i18n.preference.locale, 'short');
  const limits = computed(() => {
    const { maxRecordingSeconds = 14_400, maxRecordingBytes = 2_000 * 1024 ** 2 } = capabilities.value ?? {};
    const length = formatLength(maxRecordingSeconds, i18n.preference.locale, 'long');
    return { length, size: size(maxRecordingBytes) };
  });
  const nameOf = (tag: string) => languageOptions.value?.name(tag) ?? tag;

  /** `English → Spanish, French`; the targets alone where the source is to be detected. */
  function languages(source: string | null, targets: readonly (string | null)[]): string {
    const to = targets
      .flatMap((tag) => (tag === null || tag === '' ? [] : [nameOf(tag)]))
      .join(t.value.listSeparator);
    const from = source === null || source === '' || source === AUTO ? '' : nameOf(source);
    return [from, to].filter((side) => side !== '').join(' → ');
  }

  /** The time of the day where that is near, else the date. */
  function deadline(at: number): string {
    const isNear = at - Date.now() < DAY_MS;
    const format: Intl.DateTimeFormatOptions = isNear
      ? { timeStyle: 'short' }
      : { month: 'short', day: 'numeric' };
    return new Intl.DateTimeFormat(i18n.preference.locale, format).format(at);
  }

  /** @param bytes of the file that the error is about. */
  function sentence({ code }: AppError, bytes?: number): string {
    if (code === 'payload-too-large' && bytes !== undefined)
      return t.value.tooLarge(size(bytes), limits.value.size);
    if (code === 'audio-too-long') return t.value.tooLong(limits.value.length);
    if (code === 'sound-missing') return t.value.fileNotKept;
    return t.value.errors[code];
  }

  return { limits, nameOf, size, timeLeft, languages, deadline, sentence };
}
