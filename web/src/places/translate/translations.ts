/** Runs the translations of this tab: sends requests, tracks their state in items, and keeps the session that they share. */
import { computed, shallowReactive } from 'vue';
import type { Service } from '../../api/service.js';
import { translate, type Profile, type Question, type TranslationResult } from '../../api/translate.js';
import { toAppError, AppError } from '../../api/errors.js';
import type { AudioOutput, OutputStream } from '../../audio/audio-output.js';
import { WavBuilder } from '../../audio/wav.js';
import type { Item, ItemInput } from '../../store/item.js';
import type { ItemStore } from '../../store/item-store.js';
import { useTabSession } from './tab-session.js';

export const PLACE = 'translate';

export type Translations = ReturnType<typeof useTranslations>;

export function useTranslations(service: Service, items: ItemStore, audioOutput: AudioOutput) {
  const own = items.of(PLACE);
  const running = shallowReactive(new Map<string, AbortController>());
  /** Fractions of the uploads that run. */
  const uploaded = shallowReactive(new Map<string, number>());
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

  /** Sends an item's request; also again, and then its result replaces the former one. */
  async function run(item: Item): Promise<void> {
    const controller = new AbortController();
    running.set(item.id, controller);
    items.update(item, {
      state: 'uploading',
      text: '',
      transcript: undefined,
      error: undefined,
      firstMs: undefined,
    });
    try {
      await sendRequest(item, controller.signal);
    } catch (thrown) {
      if (controller.signal.aborted) items.update(item, { state: 'stopped' });
      else items.update(item, { state: 'failed', error: toAppError(thrown).toRecord() });
    } finally {
      running.delete(item.id);
      uploaded.delete(item.id);
    }
  }

  async function sendRequest(item: Item, signal: AbortSignal): Promise<void> {
    const { profile, speak } = item;
    const question = await questionOf(item);
    const profileJson = JSON.stringify(profile);
    const connectId = profileJson === session.value?.profileJson ? session.value.connectId : undefined;
    const startedAt = performance.now();
    const wav = new WavBuilder();
    let stream: OutputStream | undefined;
    const onFirstOutput = () => {
      if (item.state === 'streaming') return;
      items.update(item, { firstMs: Math.round(performance.now() - startedAt), state: 'streaming' });
    };
    const listener = {
      onUpload(fraction: number) {
        uploaded.set(item.id, fraction);
        if (fraction === 1 && item.state === 'uploading') items.update(item, { state: 'waiting' });
      },
      onStarted(id: string) {
        session.value = { connectId: id, profileJson };
      },
      onText(delta: string) {
        onFirstOutput();
        item.text += delta;
        items.saveSoon(item);
      },
      onAudio(pcm: Int16Array<ArrayBuffer>) {
        onFirstOutput();
        wav.append(pcm);
        stream ??= audioOutput.stream(item.id, PLACE);
        stream.write(pcm);
      },
    };
    const send = (id: string | undefined): Promise<TranslationResult> =>
      translate(service, { question, profile, connectId: id, speak }, listener, signal);
    try {
      const { text, source, target, transcript, detectedSource, usage, model } = await send(connectId).catch(
        (thrown: unknown) => {
          // The session has ended in the meantime. It held nothing but the profile, so a new one replaces it.
          if (!(thrown instanceof AppError && thrown.code === 'session-not-found' && connectId !== undefined))
            throw thrown;
          session.value = undefined;
          return send(undefined);
        },
      );
      items.update(item, {
        ...{ text, source, target, transcript, detectedSource, usage, model },
        state: 'done',
      });
    } finally {
      stream?.end();
      if (wav.bytes > 0) items.keepSound(item, 'reply', wav.toBlob(), wav.durationMs);
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
    ...{ items: own, connectId, busy, uploaded },
    ...{ submitText, submitFile, run, stop, remove, clear, newSession },
  };
}
