/** Runs the translations of this tab: sends requests, tracks their state in items, and keeps the session that they share. */
import { computed, shallowReactive } from 'vue';
import type { Service } from '../../api/service.js';
import { translate, type Profile, type Question, type TranslationResult } from '../../api/translate.js';
import { toAppError, AppError } from '../../api/errors.js';
import type { AudioOutput, OutputStream } from '../../audio/audio-output.js';
import { WavBuilder } from '../../audio/wav.js';
import { isRunning, type Item, type ItemInput } from '../../store/item.js';
import type { ItemStore } from '../../store/item-store.js';
import { useTabSession } from './tab-session.js';

export const PLACE = 'translate';

/** Of an item whose request is sent again. */
const NO_RESULT: Partial<Item> = {
  text: '',
  transcript: undefined,
  detectedSource: undefined,
  error: undefined,
  firstMs: undefined,
  reply: undefined,
};

export type Translations = ReturnType<typeof useTranslations>;

export function useTranslations(service: Service, items: ItemStore, audioOutput: AudioOutput) {
  const own = items.of(PLACE);
  const running = shallowReactive(new Map<string, AbortController>());
  /** Fractions of the uploads that run. */
  const uploaded = shallowReactive(new Map<string, number>());
  /** Ids of the items whose sound is being fetched. */
  const speaking = shallowReactive(new Set<string>());
  const busy = computed(() => running.size > 0);
  const session = useTabSession();

  function submitText(text: string, profile: Profile, speak: boolean): Item {
    return submit({ kind: 'text', text }, profile, speak);
  }

  function submitFile(file: File, profile: Profile, speak: boolean): Item {
    const item = items.add(newItem({ kind: 'file', name: file.name, sound: undefined }, profile, speak));
    items.keepSound(item, 'input', file);
    void run(item);
    return item;
  }

  function submit(input: ItemInput, profile: Profile, speak: boolean): Item {
    const item = items.add(newItem(input, profile, speak));
    void run(item);
    return item;
  }

  function newItem(input: ItemInput, profile: Profile, speak: boolean) {
    return { place: PLACE, input, profile: { ...profile }, speak };
  }

  /**
   * Sends an item's request. Also again, and then its result replaces the former one: a request of the same item that
   * still runs is aborted.
   */
  async function run(item: Item): Promise<void> {
    const controller = begin(item);
    items.update(item, { state: 'uploading', ...NO_RESULT });
    const onText = (delta: string) => {
      item.text += delta;
      items.saveSoon(item);
    };
    try {
      const result = await sendRequest(item, item.speak, controller.signal, onText);
      items.update(item, { ...result, state: 'done' });
    } catch (thrown) {
      if (running.get(item.id) !== controller) return;
      if (controller.signal.aborted) items.update(item, { state: 'stopped' });
      else items.update(item, { state: 'failed', error: toAppError(thrown).toRecord() });
    } finally {
      end(item, controller);
    }
  }

  /**
   * Has a finished translation spoken: the request is sent again, for sound. Its text replaces the one that is shown,
   * so that what is read is what is heard. @throws AppError, and then the translation is as it was.
   */
  async function speakReply(item: Item): Promise<void> {
    const controller = begin(item);
    speaking.add(item.id);
    try {
      items.update(item, await sendRequest(item, true, controller.signal, () => undefined));
    } catch (thrown) {
      if (!controller.signal.aborted) throw thrown;
    } finally {
      speaking.delete(item.id);
      end(item, controller);
    }
  }

  function begin(item: Item): AbortController {
    const controller = new AbortController();
    running.get(item.id)?.abort();
    audioOutput.stop({ id: item.id });
    running.set(item.id, controller);
    return controller;
  }

  function end(item: Item, controller: AbortController): void {
    if (running.get(item.id) !== controller) return;
    running.delete(item.id);
    uploaded.delete(item.id);
  }

  async function sendRequest(
    item: Item,
    speak: boolean,
    signal: AbortSignal,
    onText: (delta: string) => void,
  ): Promise<Partial<Item>> {
    const { profile } = item;
    const question = await questionOf(item);
    const profileJson = JSON.stringify(profile);
    const connectId = profileJson === session.value?.profileJson ? session.value.connectId : undefined;
    const startedAt = performance.now();
    const wav = new WavBuilder();
    let stream: OutputStream | undefined;
    const onFirstOutput = () => {
      if (!isRunning(item) || item.state === 'streaming') return;
      items.update(item, { firstMs: Math.round(performance.now() - startedAt), state: 'streaming' });
    };
    const listener = {
      onUpload(fraction: number) {
        if (signal.aborted) return;
        uploaded.set(item.id, fraction);
        if (fraction === 1 && item.state === 'uploading') items.update(item, { state: 'waiting' });
      },
      onStarted(id: string) {
        session.value = { connectId: id, profileJson };
      },
      onText(delta: string) {
        if (signal.aborted) return;
        onFirstOutput();
        onText(delta);
      },
      onAudio(pcm: Int16Array<ArrayBuffer>) {
        if (signal.aborted) return;
        onFirstOutput();
        wav.append(pcm);
        stream ??= audioOutput.stream(item.id, PLACE);
        stream.write(pcm);
      },
    };
    const send = (id: string | undefined): Promise<TranslationResult> =>
      translate(service, { question, profile, connectId: id, speak }, listener, signal);
    try {
      const result = await send(connectId).catch((thrown: unknown) => {
        // The session has ended in the meantime. It held nothing but the profile, so a new one replaces it.
        if (!(thrown instanceof AppError && thrown.code === 'session-not-found' && connectId !== undefined))
          throw thrown;
        session.value = undefined;
        return send(undefined);
      });
      signal.throwIfAborted();
      const { text, source, target, transcript, detectedSource, usage, model } = result;
      return { text, source, target, transcript, detectedSource, usage, model };
    } finally {
      stream?.end();
      // Not if another request has taken over the item: the sound is of words that are no longer there.
      if (wav.bytes > 0 && running.get(item.id)?.signal === signal)
        items.keepSound(item, 'reply', wav.toBlob(), wav.durationMs);
    }
  }

  async function questionOf({ input }: Item): Promise<Question> {
    if (input.kind === 'text') return { kind: 'text', text: input.text };
    if (input.kind === 'turn') throw new Error('a turn is not translated alone');
    const file = input.sound && (await items.sound(input.sound));
    if (file === undefined) throw new AppError('sound-missing');
    return { kind: 'recording', file, name: input.name };
  }

  function stop(item: Item): void {
    running.get(item.id)?.abort();
    audioOutput.stop({ id: item.id });
  }

  function remove(item: Item): void {
    stop(item);
    items.remove(item);
  }

  function clear(): void {
    for (const controller of running.values()) controller.abort();
    audioOutput.stop({ owner: PLACE });
    items.clear(PLACE);
  }

  async function newSession(): Promise<void> {
    const ended = session.value?.connectId;
    session.value = undefined;
    if (ended !== undefined) await service.endSession(ended);
  }

  const connectId = computed(() => session.value?.connectId);
  return {
    ...{ items: own, connectId, busy, uploaded, speaking },
    ...{ submitText, submitFile, run, speakReply, stop, remove, clear, newSession },
  };
}
