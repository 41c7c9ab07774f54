/** Lengths, sizes, languages and errors in the words of the page. */
import { computed } from 'vue';
import type { AppError } from '../../api/errors.js';
import { formatBytes } from '../../format.js';
import { AUTO } from '../../language-options.js';
import { useMessages, useServices } from '../../services.js';
import { messages } from './messages.js';

/** 3 723 000 → 1:02:03, 65 000 → 1:05 */
export function formatPosition(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** 14 400 → 4 h, 240 → 4 min, 95 → 95 s; in the words of the language. */
export function formatLength(seconds: number, locale: string): string {
  const [size, unit] =
    seconds >= 3600 && seconds % 1800 === 0
      ? ([3600, 'hour'] as const)
      : seconds >= 120
        ? ([60, 'minute'] as const)
        : ([1, 'second'] as const);
  const format = new Intl.NumberFormat(locale, {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: 1,
  });
  return format.format(Math.ceil((seconds / size) * 10) / 10).replace(/ /g, '\u00a0');
}

export function useLabels() {
  const { i18n, capabilities, languageOptions } = useServices();
  const t = useMessages(messages);
  const size = (bytes: number) => formatBytes(bytes, i18n.preference.locale);
  const length = (seconds: number) => formatLength(Math.max(1, Math.ceil(seconds)), i18n.preference.locale);
  const limits = computed(() => {
    const { maxRecordingSeconds = 14_400, maxRecordingBytes = 2_000 * 1024 ** 2 } = capabilities.value ?? {};
    return { length: length(maxRecordingSeconds), size: size(maxRecordingBytes) };
  });
  const nameOf = (tag: string) => languageOptions.value?.name(tag) ?? tag;

  /** `English → Spanish, French` */
  function languages(source: string | null, targets: readonly (string | null)[]): string {
    const to = targets
      .flatMap((tag) => (tag === null || tag === '' ? [] : [nameOf(tag)]))
      .join(t.value.listSeparator);
    const from = source === null || source === '' || source === AUTO ? t.value.detect : nameOf(source);
    return to === '' ? from : `${from} → ${to}`;
  }

  /** @param bytes of the file that the error is about. */
  function sentence({ code }: AppError, bytes?: number): string {
    if (code === 'payload-too-large' && bytes !== undefined)
      return t.value.tooLarge(size(bytes), limits.value.size);
    if (code === 'audio-too-long') return t.value.tooLong(limits.value.length);
    if (code === 'sound-missing') return t.value.fileNotKept;
    return t.value.errors[code];
  }

  return { limits, nameOf, size, length, languages, sentence };
}
