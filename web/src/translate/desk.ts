/** The translations of this tab: sends questions, follows them to the end, and keeps the session that they share. */
import { computed, reactive, shallowReactive, toRaw } from 'vue';
import type { Service } from '../api/service.js';
import { translate, type Profile, type Question, type TranslationDone } from '../api/translate.js';
import { asTrouble, Trouble } from '../api/trouble.js';
import { encodeWav } from '../audio/wav.js';
import { History, newId, type Entry } from '../store/history.js';
import type { Jukebox } from './jukebox.js';
import { useKeptSession } from './kept-session.js';

export interface Translation extends Entry {
  readonly id: string;
  readonly at: number;
  readonly question: Question;
  readonly profile: Profile;
  readonly speak: boolean;
  state: 'uploading' | 'waiting' | 'streaming' | 'done' | 'failed' | 'stopped';
  /** Share of the upload that has left, 0 to 1. */
  uploaded: number;
  text: string;
  /** WAV of the spoken reply. */
  reply: Blob | undefined;
  source: string | undefined;
  target: string | undefined;
  /** From the click to the first word or sound. */
  firstMs: number | undefined;
  trouble: Trouble | undefined;
}

export type Desk = ReturnType<typeof useDesk>;

export function useDesk(service: Service, database: Promise<IDBDatabase | undefined>, jukebox: Jukebox) {
  const history = new History<Translation>(database, 'translate', pack);
  const running = shallowReactive(new Map<string, AbortController>());
  const busy = computed(() => running.size > 0);
  const session = useKeptSession();

  function ask(question: Question, profile: Profile, speak: boolean): Translation {
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
      trouble: undefined,
    });
    history.entries.push(translation);
    void run(translation);
    return translation;
  }

  async function run(translation: Translation): Promise<void> {
    const abort = new AbortController();
    running.set(translation.id, abort);
    try {
      await attempt(translation, abort.signal);
    } catch (thrown) {
      if (abort.signal.aborted) translation.state = 'stopped';
      else {
        translation.state = 'failed';
        translation.trouble = asTrouble(thrown);
      }
    } finally {
      running.delete(translation.id);
      if (translation.text !== '') await history.save(translation);
    }
  }

  async function attempt(translation: Translation, signal: AbortSignal): Promise<void> {
    const { question, profile, speak } = translation;
    const shape = JSON.stringify(profile);
    const kept = shape === session.value?.shape ? session.value.connectId : undefined;
    const startedAt = performance.now();
    const sound: Int16Array[] = [];
    const first = () => {
      translation.firstMs ??= Math.round(performance.now() - startedAt);
      translation.state = 'streaming';
    };
    const listener = {
      onUpload(fraction: number) {
        translation.uploaded = fraction;
        if (fraction === 1 && translation.state === 'uploading') translation.state = 'waiting';
      },
      onStarted(id: string) {
        session.value = { connectId: id, shape };
      },
      onText(delta: string) {
        first();
        translation.text += delta;
      },
      onAudio(pcm: Int16Array<ArrayBuffer>) {
        first();
        sound.push(pcm);
        jukebox.stream(translation.id, pcm);
      },
    };
    let done: TranslationDone;
    try {
      done = await translate(service, { question, profile, connectId: kept, speak }, listener, signal);
    } catch (thrown) {
      // A session that ended meanwhile was only a profile: the same one is made again.
      if (!(thrown instanceof Trouble && thrown.code === 'session-not-found' && kept !== undefined))
        throw thrown;
      session.value = undefined;
      done = await translate(service, { question, profile, connectId: undefined, speak }, listener, signal);
    }
    translation.text = done.text;
    translation.source = done.source;
    translation.target = done.target;
    if (sound.length > 0) translation.reply = new Blob([encodeWav(sound)], { type: 'audio/wav' });
    translation.state = 'done';
  }

  /** The same question once more, in the place of one that failed. */
  function again(translation: Translation): void {
    Object.assign(translation, {
      state: 'uploading',
      uploaded: 0,
      text: '',
      trouble: undefined,
      firstMs: undefined,
    });
    void run(translation);
  }

  function stop(translation: Translation): void {
    running.get(translation.id)?.abort();
    if (jukebox.playing.value === translation.id) jukebox.stop();
  }

  async function remove(translation: Translation): Promise<void> {
    stop(translation);
    await history.remove(translation);
  }

  async function clear(): Promise<void> {
    for (const abort of running.values()) abort.abort();
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
  return { history, connectId, busy, ask, again, stop, remove, clear, newSession, load };
}

/** Plain data for the database: what was under way when the page closed comes back as stopped. */
function pack(translation: Translation): Entry {
  const plain = toRaw(translation);
  const stored: Translation = {
    ...plain,
    question: toRaw(plain.question),
    profile: { ...plain.profile },
    state: plain.state === 'done' ? 'done' : 'stopped',
    trouble: undefined,
  };
  return stored;
}
