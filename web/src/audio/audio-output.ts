/** The one loudspeaker of the page: what is heard, what waits for its turn, at which speed, how loud, and from which device. */
import { useDevicesList } from '@vueuse/core';
import {
  computed,
  ref,
  shallowReactive,
  shallowRef,
  watch,
  type ComputedRef,
  type Ref,
  type ShallowRef,
} from 'vue';
import { AppError } from '../api/errors.js';
import { usePreferences } from '../store/preferences.js';
import { SAMPLE_RATE } from './pcm.js';
import {
  StreamPlayback,
  type StreamDestination,
  type StreamEnd,
  type StreamListener,
} from './stream-playback.js';

export const SPEEDS = [0.75, 1, 1.25, 1.5] as const;

/** More waiting streams than these are not heard; their items keep the sound. */
const MAX_WAITING_STREAMS = 32;

export type AudioOutputPreferences = {
  /** 0 to 100. */
  volume: number;
  /** One of SPEEDS; the pitch stays. */
  speed: number;
  /** Empty: the default of the system. */
  deviceId: string;
};

/** Not every browser lets a context choose its device, and the DOM types do not know it. */
type SinkContext = AudioContext & { readonly sinkId?: string; setSinkId?(id: string): Promise<void> };

/** What is heard now. */
export interface CurrentSound {
  readonly id: string;
  readonly owner: string;
  /** A stored sound can be paused and sought, a stream cannot. */
  readonly kind: 'stored' | 'stream';
}

/** A sound that arrives in parts. It is heard when those before it have ended. */
export interface OutputStream {
  write(pcm: Int16Array): void;
  /** Nothing more will arrive. Call it in any case, or what waits behind it is never heard. */
  end(): void;
}

interface QueuedStream extends CurrentSound {
  readonly playback: StreamPlayback;
}

export class AudioOutput {
  readonly preferences = usePreferences<AudioOutputPreferences>('audio-output', {
    volume: 80,
    speed: 1,
    deviceId: '',
  });
  readonly current: ShallowRef<CurrentSound | undefined> = shallowRef();
  readonly paused: Ref<boolean> = ref(false);
  /** Of a stored sound, in seconds. */
  readonly position: Ref<number> = ref(0);
  readonly duration: Ref<number> = ref(0);
  readonly devices: ComputedRef<MediaDeviceInfo[]>;
  /** Whether the browser lets a page choose the loudspeaker. */
  readonly canChooseDevice = 'setSinkId' in HTMLMediaElement.prototype;
  /** That the chosen device is gone, or that there is none; set to undefined to dismiss. */
  readonly problem: ShallowRef<AppError | undefined> = shallowRef();
  /** Ids of the streams that wait for their turn. */
  readonly waiting: ComputedRef<string[]>;
  readonly #queue: QueuedStream[] = shallowReactive([]);
  readonly #element = new Audio();
  #streams: (StreamDestination & { readonly node: GainNode }) | undefined;
  #playing: QueuedStream | undefined;

  constructor() {
    this.devices = useDevicesList().audioOutputs;
    this.waiting = computed(() => this.#queue.map(({ id }) => id));
    this.#listenToElement();
    watch(this.preferences, () => void this.#applyPreferences(), { immediate: true });
    watch(this.devices, (devices) => {
      const { deviceId } = this.preferences;
      // Before the permission is given, browsers list devices without their ids.
      const known = devices.filter((device) => device.deviceId !== '');
      if (deviceId !== '' && known.length > 0 && !known.some((device) => device.deviceId === deviceId))
        this.#useDefaultDevice();
    });
  }

  /** Call it in a click handler before a stream is expected: browsers block sound that no click has unlocked. */
  async unlock(): Promise<void> {
    await this.#destination().context.resume();
  }

  /** A stream that is heard after what is heard and waits now. @param owner who may stop it, e.g. the place. */
  stream(id: string, owner: string, listener: StreamListener = {}): OutputStream {
    const playback = new StreamPlayback({
      ...listener,
      onEnd: (end) => {
        this.#remove(stream);
        listener.onEnd?.(end);
        this.#advance();
      },
    });
    const stream: QueuedStream = { id, owner, kind: 'stream', playback };
    if (this.#queue.length < MAX_WAITING_STREAMS) this.#queue.push(stream);
    else playback.stop();
    this.#advance();
    return playback;
  }

  /**
   * Plays a stored sound now; what is heard is stopped, what waits goes on afterwards.
   * @throws AppError `playback-failed` if the browser cannot play it.
   */
  async play(id: string, owner: string, sound: Blob, fromSeconds = 0): Promise<void> {
    const element = this.#element;
    this.#endStored();
    this.current.value = { id, owner, kind: 'stored' };
    this.#playing?.playback.stop();
    this.paused.value = false;
    element.src = URL.createObjectURL(sound);
    element.currentTime = fromSeconds;
    element.playbackRate = this.preferences.speed;
    try {
      await element.play();
    } catch (thrown) {
      // Stopped before it began, which is not an error.
      if (thrown instanceof DOMException && thrown.name === 'AbortError') return;
      this.stop({ id });
      throw new AppError('playback-failed', { cause: thrown });
    }
  }

  /** Plays a stored sound, or stops it if it is the one that is heard. */
  async toggle(id: string, owner: string, sound: Blob): Promise<void> {
    if (this.current.value?.id === id) this.stop({ id });
    else await this.play(id, owner, sound);
  }

  pause(): void {
    if (this.current.value?.kind === 'stored') this.#element.pause();
  }

  async resume(): Promise<void> {
    if (this.current.value?.kind === 'stored') await this.#element.play();
  }

  seek(seconds: number): void {
    if (this.current.value?.kind === 'stored') this.#element.currentTime = seconds;
  }

  /**
   * Stops what matches, heard or waiting; without arguments everything.
   * @returns of the stream that was heard: which, and how much of it.
   */
  stop({ id, owner }: { id?: string; owner?: string } = {}): (StreamEnd & { id: string }) | undefined {
    const isMeant = (sound: CurrentSound) =>
      (id === undefined || sound.id === id) && (owner === undefined || sound.owner === owner);
    const heard = this.#playing;
    let stopped: (StreamEnd & { id: string }) | undefined;
    // Those that wait first, so that none begins when the one that is heard ends.
    for (const stream of this.#queue.filter((each) => each !== heard && isMeant(each)))
      stream.playback.stop();
    if (heard !== undefined && isMeant(heard)) stopped = { id: heard.id, ...heard.playback.stop() };
    const { value: current } = this.current;
    if (current?.kind === 'stored' && isMeant(current)) {
      this.#endStored();
      this.#advance();
    }
    return stopped;
  }

  /** Starts the next stream if nothing is heard. The only place that does. */
  #advance(): void {
    if (this.current.value !== undefined) return;
    const next = this.#queue[0];
    if (next === undefined) return;
    this.#playing = next;
    this.current.value = { id: next.id, owner: next.owner, kind: 'stream' };
    next.playback.start(this.#destination());
  }

  #remove(stream: QueuedStream): void {
    const index = this.#queue.indexOf(stream);
    if (index >= 0) this.#queue.splice(index, 1);
    if (this.#playing !== stream) return;
    this.#playing = undefined;
    if (this.current.value?.kind === 'stream') this.current.value = undefined;
  }

  #endStored(): void {
    const element = this.#element;
    if (element.src === '') return;
    element.pause();
    URL.revokeObjectURL(element.src);
    element.removeAttribute('src');
    this.position.value = 0;
    this.duration.value = 0;
    this.paused.value = false;
    if (this.current.value?.kind === 'stored') this.current.value = undefined;
  }

  #listenToElement(): void {
    const element = this.#element;
    element.preservesPitch = true;
    element.onended = () => {
      this.#endStored();
      this.#advance();
    };
    element.ontimeupdate = () => (this.position.value = element.currentTime);
    element.ondurationchange = () => {
      this.duration.value = Number.isFinite(element.duration) ? element.duration : 0;
    };
    element.onpause = () => (this.paused.value = element.src !== '' && !element.ended);
    element.onplay = () => (this.paused.value = false);
  }

  #destination(): StreamDestination {
    if (this.#streams === undefined) {
      const context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: 'interactive' });
      const gain = context.createGain();
      gain.connect(context.destination);
      // There is no device, or it failed: what would be heard ends, or all behind it would wait for ever.
      context.addEventListener('error', () => {
        this.#streams = undefined;
        this.problem.value = new AppError('output-missing');
        for (const stream of [...this.#queue].reverse()) stream.playback.stop();
        void context.close();
      });
      this.#streams = { context, node: gain, speed: () => this.preferences.speed };
      void this.#applyPreferences();
    }
    return this.#streams;
  }

  async #applyPreferences(): Promise<void> {
    const { volume, speed, deviceId } = this.preferences;
    // Hearing is not linear.
    const gain = (volume / 100) ** 2;
    this.#element.volume = gain;
    this.#element.playbackRate = speed;
    const { context: streamContext, node } = this.#streams ?? {};
    if (streamContext !== undefined) node?.gain.setTargetAtTime(gain, streamContext.currentTime, 0.02);
    if (!this.canChooseDevice) return;
    const context = streamContext as SinkContext | undefined;
    try {
      if (this.#element.sinkId !== deviceId) await this.#element.setSinkId(deviceId);
      if (context?.sinkId !== deviceId) await context?.setSinkId?.(deviceId);
    } catch (thrown) {
      // The device is gone, or its use was refused.
      if (deviceId === '' || !(thrown instanceof DOMException)) throw thrown;
      this.#useDefaultDevice();
    }
  }

  #useDefaultDevice(): void {
    this.preferences.deviceId = '';
    this.problem.value = new AppError('output-lost');
  }
}
