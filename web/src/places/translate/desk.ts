/** What is in the two panes: the text in the field, the item whose translation is shown, and when a request is sent. */
import { computed, onScopeDispose, ref, watch, type ComputedRef } from 'vue';
import { AUTO } from '../../language-options.js';
import type { Profile } from '../../api/translate.js';
import { isRunning, type Item } from '../../store/item.js';
import { readText, writeText } from '../../store/preferences.js';
import type { Translations } from './translations.js';

/** After the last key. */
const TYPING_PAUSE_MS = 400;

const DRAFT_KEY = 'translate-draft';
const CURRENT_KEY = 'translate-current';

export interface DeskOptions {
  readonly languages: { source: string; target: string };
  /** Whether to translate while the user types. */
  readonly isAutomatic: ComputedRef<boolean>;
  /** In code points. */
  readonly maxChars: ComputedRef<number>;
  /** @param explicit the user asked for it, so it may be spoken. */
  readonly request: (explicit: boolean) => { profile: Profile; speak: boolean };
  /** Changes a stored item. */
  readonly update: (item: Item, changes: Partial<Item>) => void;
}

export type Desk = ReturnType<typeof useDesk>;

export function useDesk(translations: Translations, options: DeskOptions) {
  const { languages } = options;
  const text = ref(readText('localStorage', DRAFT_KEY) ?? '');
  const currentId = ref(readText('sessionStorage', CURRENT_KEY) ?? undefined);
  /** Shown in the target pane until there is a newer translation, so that nothing flickers. */
  const held = ref('');
  /** The item that the next pause in typing translates again; undefined: it makes a new one. */
  let draftId: string | undefined;
  /** Whether the text was changed since the page was loaded. */
  let isTouched = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const current = computed(() => translations.items.value.find(({ id }) => id === currentId.value));
  /** Code points, like the limit of the service. */
  const length = computed(() => Array.from(text.value).length);
  const excess = computed(() => Math.max(0, length.value - options.maxChars.value));
  const showsSound = computed(
    () => current.value?.input.kind === 'recording' || current.value?.input.kind === 'file',
  );
  const detected = computed(() => {
    const item = current.value;
    if (item?.profile.source !== AUTO) return undefined;
    return item.detectedSource?.language ?? item.source;
  });
  const isPending = computed(() => current.value !== undefined && isRunning(current.value));
  const shownText = computed(() => {
    const item = current.value;
    if (item === undefined || (isPending.value && item.text === '')) return held.value;
    return item.text;
  });
  /** The translation is of other words than those in the field. */
  const isOutdated = computed(() => {
    const item = current.value;
    if (item === undefined) return held.value !== '';
    if (isPending.value && item.text === '') return true;
    return item.input.kind === 'text' && item.input.text !== text.value.trim();
  });

  watch(text, (typed) => {
    writeText('localStorage', DRAFT_KEY, typed || undefined);
  });
  watch(currentId, (id) => {
    writeText('sessionStorage', CURRENT_KEY, id);
  });
  const submitUnasked = () => {
    // A text that a reload brought back is not sent for that alone.
    const isInUse = isTouched || current.value !== undefined;
    if (isInUse && options.isAutomatic.value && !showsSound.value) submit(false);
  };
  watch([() => languages.source, () => languages.target], submitUnasked);
  watch(options.isAutomatic, () => {
    if (isTouched) submitUnasked();
  });
  onScopeDispose(() => {
    clearTimeout(timer);
  });

  /** Shows an item, or nothing, in the target pane. */
  function show(item: Item | undefined): void {
    clearTimeout(timer);
    draftId = undefined;
    currentId.value = item?.id;
    held.value = '';
  }

  /** Puts another text into the field. */
  function setText(replacement: string): void {
    show(undefined);
    text.value = replacement;
    isTouched = true;
    if (options.isAutomatic.value)
      timer = setTimeout(() => {
        submit(false);
      }, TYPING_PAUSE_MS);
  }

  /** Called at each key in the field. */
  function onTyped(): void {
    isTouched = true;
    clearTimeout(timer);
    if (text.value.trim() === '') clearField();
    else if (options.isAutomatic.value)
      timer = setTimeout(() => {
        submit(false);
      }, TYPING_PAUSE_MS);
  }

  /** Translates what is in the panes. @param explicit by the button or its key, not by a pause in typing. */
  function submit(explicit: boolean): void {
    clearTimeout(timer);
    if (showsSound.value) {
      if (current.value !== undefined) runAgain(current.value);
      return;
    }
    const trimmed = text.value.trim();
    if (trimmed === '' || excess.value > 0) return;
    const { profile, speak } = options.request(explicit);
    const item = current.value;
    const same = item !== undefined && isTranslationOf(item, trimmed, profile);
    if (same && !explicit) return;
    // The pause in typing came first: the button has nothing left to do but keep it.
    if (same && item.id === draftId && !speak && (item.state === 'done' || isRunning(item))) {
      draftId = undefined;
      return;
    }
    held.value = shownText.value;
    if (item?.input.kind === 'text' && (same || item.id === draftId)) {
      item.input.text = trimmed;
      options.update(item, { profile, speak });
      void translations.run(item);
      if (explicit) draftId = undefined;
      return;
    }
    const added = translations.submitText(trimmed, profile, speak);
    currentId.value = added.id;
    draftId = explicit ? undefined : added.id;
  }

  /** Sends an item's request again, with the languages that are chosen now. */
  function runAgain(item: Item): void {
    const { profile, speak } = options.request(true);
    show(item);
    options.update(item, { profile, speak });
    void translations.run(item);
  }

  /** Opens an item in the panes, in its own languages. */
  function open(item: Item): void {
    show(item);
    if (item.input.kind === 'text') text.value = item.input.text;
    Object.assign(languages, { source: item.profile.source || AUTO, target: item.profile.target });
  }

  /** Empties both panes, and ends what they do. What was translated stays in the history. */
  function clearField(): void {
    if (current.value !== undefined) translations.stop(current.value);
    const wasText = !showsSound.value;
    show(undefined);
    if (wasText) text.value = '';
  }

  /** Swaps the languages and carries the texts along: the translation becomes the text to translate. */
  function swap(): void {
    const from = languages.source === AUTO ? detected.value : languages.source;
    if (from === undefined) return;
    const source = current.value?.transcript ?? text.value;
    const translation = shownText.value;
    Object.assign(languages, { source: languages.target, target: from });
    if (translation === '') return;
    if (current.value !== undefined) translations.stop(current.value);
    show(undefined);
    text.value = translation;
    held.value = source;
    if (options.isAutomatic.value) submit(false);
  }

  return {
    ...{ text, current, detected, length, excess, showsSound, shownText, isOutdated, isPending },
    ...{ show, setText, onTyped, submit, runAgain, open, clearField, swap },
  };
}

function isTranslationOf({ input, profile }: Item, text: string, { source, target }: Profile): boolean {
  return (
    input.kind === 'text' && input.text === text && profile.source === source && profile.target === target
  );
}
