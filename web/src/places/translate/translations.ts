/** The translations of this tab: sends requests, tracks their state, and keeps the session that they share. */
import { computed, reactive, shallowReactive, toRaw } from 'vue';
import type { Service } from '../../api/service.js';
import { translate, type Profile, type Question, type TranslationResult } from '../../api/translate.js';
import { toAppError, AppError } from '../../api/errors.js';
import { encodeWav } from '../../audio/wav.js';
import { History, newId, type Entry } from '../../store/history.js';
import type { Playback } from './playback.js';
import { useTabSession } from './tab-session.js';

export interface Translation extends Entry {
  readonly id: string;
  readonly at: number;
  readonly question: Question;
  readonly profile: Profile;
  readonly speak: boolean;
  state: 'uploading' | 'waiting' | 'streaming' | 'done' | 'failed' | 'stopped';
  /** Fraction of the upload that has been sent, 0 to 1. */
  uploaded: number;
  text: string;
  /** WAV of the spoken reply. */
  reply: Blob | undefined;
  source: string | undefined;
  target: string | undefined;
  /** From the click to the first text or audio. */
  firstMs: number | undefined;
  error: AppError | undefined;
}

export type Translations = ReturnType<typeof useTranslations>;

export function useTranslations(
  service: Service,
  database: Promise<IDBDatabase | undefined>,
  playback: Playback,
) {
  const history = new History<Translation>(database, 'translate', serialize);
  const running = shallowReactive(new Map<string, AbortController>());
  const busy = computed(() => running.size > 0);
  const session = useTabSession();

  function submit(question: Question, profile: Profile, speak: boolean): Translation {
    const translation: Translation = reactive({
      id: newId(),
      at: Date.now(),
      question,
      profile,
      speak,
      state: 'uploading',
      uploaded: 0,
      text: '',
      reply: undefined,
      source: undefined,
      target: undefined,
      firstMs: undefined,
      error: undefined,
    });
    history.entries.push(translation);
    void run(translation);
    return translation;
  }

  async function run(translation: Translation): Promise<void> {
    const controller = new AbortController();
    running.set(translation.id, controller);
    try {
      await sendRequest(translation, controller.signal);
    } catch (thrown) {
      if (controller.signal.aborted) translation.state = 'stopped';
      else {
        translation.state = 'failed';
        translation.error = toAppError(thrown);
      }
    } finally {
      running.delete(translation.id);
      if (translation.text !== '') await history.save(translation);
    }
  }

  async function sendRequest(translation: Translation, signal: AbortSignal): Promise<void> {
    const { question, profile, speak } = translation;
    const profileJson = JSON.stringify(profile);
    const connectId = profileJson === session.value?.profileJson ? session.value.connectId : undefined;
    const startedAt = performance.now();
    const audio: Int16Array[] = [];
    const onFirstOutput = () => {
      translation.firstMs ??= Math.round(performance.now() - startedAt);
      translation.state = 'streaming';
    };
    const listener = {
      onUpload(fraction: number) {
        translation.uploaded = fraction;
        if (fraction === 1 && translation.state === 'uploading') translation.state = 'waiting';
      },
      onStarted(id: string) {
        session.value = { connectId: id, profileJson };
      },
      onText(delta: string) {
        onFirstOutput();
        translation.text += delta;
      },
      onAudio(pcm: Int16Array<ArrayBuffer>) {
        onFirstOutput();
        audio.push(pcm);
        playback.stream(translation.id, pcm);
      },
    };
    let result: TranslationResult;
    try {
      result = await translate(service, { question, profile, connectId, speak }, listener, signal);
    } catch (thrown) {
      // The session has ended in the meantime. It held nothing but the profile, so a new one replaces it.
      if (!(thrown instanceof AppError && thrown.code === 'session-not-found' && connectId !== undefined))
        throw thrown;
      session.value = undefined;
      result = await translate(service, { question, profile, connectId: undefined, speak }, listener, signal);
    }
    translation.text = result.text;
    translation.source = result.source;
    translation.target = result.target;
    if (audio.length > 0) translation.reply = new Blob([encodeWav(audio)], { type: 'audio/wav' });
    translation.state = 'done';
  }

  /** Sends the request again and shows its result in the same card. */
  function retry(translation: Translation): void {
    Object.assign(translation, {
      state: 'uploading',
      uploaded: 0,
      text: '',
      error: undefined,
      firstMs: undefined,
    });
    void run(translation);
  }

  function stop(translation: Translation): void {
    running.get(translation.id)?.abort();
    if (playback.playing.value === translation.id) playback.stop();
  }

  async function remove(translation: Translation): Promise<void> {
    stop(translation);
    await history.remove(translation);
  }

  async function clear(): Promise<void> {
    for (const controller of running.values()) controller.abort();
    await history.clear();
  }

  async function newSession(): Promise<void> {
    const ended = session.value?.connectId;
    session.value = undefined;
    if (ended !== undefined) await service.endSession(ended);
  }

  async function load(): Promise<void> {
    await history.load((stored) => reactive({ ...(stored as Translation) }));
  }

  const connectId = computed(() => session.value?.connectId);
  return { history, connectId, busy, submit, retry, stop, remove, clear, newSession, load };
}

/** Plain data for the database. A translation that is not done is stored as stopped. */
function serialize(translation: Translation): Entry {
  const plain = toRaw(translation);
  const stored: Translation = {
    ...plain,
    question: toRaw(plain.question),
    profile: { ...plain.profile },
    state: plain.state === 'done' ? 'done' : 'stopped',
    error: undefined,
  };
  return stored;
}
