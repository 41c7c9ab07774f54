/** The one microphone of the page: who holds it, from which device it records and how, and how loud it is. */
import { useDevicesList } from '@vueuse/core';
import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue';
import { AppError } from '../api/errors.js';
import { usePreferences } from '../store/preferences.js';
import { Microphone } from './microphone.js';
import { loudness } from './pcm.js';

export type AudioInputPreferences = {
  /** Empty: the default of the system. */
  deviceId: string;
  echoCancellation: boolean;
  noiseSuppression: boolean;
  autoGainControl: boolean;
};

export interface AudioInputListener {
  /** About 40 ms of sound at 24 kHz, floats in -1…1. */
  onFrame(samples: Float32Array): void;
  /** The device was unplugged, or the permission withdrawn. The microphone is closed already. */
  onLost?(error: AppError): void;
}

/** An open microphone. */
export interface AudioCapture {
  /** May be called twice. */
  close(): Promise<void>;
}

const LEVEL_TEST = 'level-test';

export class AudioInput {
  readonly preferences = usePreferences<AudioInputPreferences>('audio-input', {
    deviceId: '',
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
  });
  /** Who records, or asks for permission to; undefined: nobody. */
  readonly holder: ComputedRef<string | undefined>;
  /** Loudness of what is recorded, 0 to 1. */
  readonly level: Ref<number> = ref(0);
  /** Microphones to choose from. Browsers hide their names until the permission is given. */
  readonly devices: ComputedRef<MediaDeviceInfo[]>;
  readonly #lease: ShallowRef<Lease | undefined> = shallowRef();

  constructor() {
    this.holder = computed(() => this.#lease.value?.owner);
    this.devices = useDevicesList().audioInputs;
  }

  /**
   * Opens the microphone for one owner; asks for permission if necessary. A running level test ends.
   * @param signal closes it, also while the browser asks for permission.
   * @throws AppError with the reason: `microphone-held` if another owner records; the reason of `signal`.
   */
  async open(owner: string, listener: AudioInputListener, signal?: AbortSignal): Promise<AudioCapture> {
    if (this.#lease.value?.owner === LEVEL_TEST && owner !== LEVEL_TEST) await this.#lease.value.close();
    if (this.#lease.value !== undefined)
      throw new AppError('microphone-held', { holder: this.#lease.value.owner });
    signal?.throwIfAborted();
    const lease = new Lease(owner, () => {
      if (this.#lease.value !== lease) return;
      this.#lease.value = undefined;
      this.level.value = 0;
    });
    this.#lease.value = lease;
    const close = () => void lease.close();
    signal?.addEventListener('abort', close, { once: true });
    try {
      const { deviceId, ...processing } = this.preferences;
      const microphone = await Microphone.open(
        { ...processing, ...(deviceId === '' ? {} : { deviceId }) },
        {
          onFrame: (samples) => {
            if (lease.closed) return;
            this.level.value = loudness(samples);
            listener.onFrame(samples);
          },
          onLost: () => {
            if (lease.closed) return;
            void lease.close();
            listener.onLost?.(new AppError('microphone-lost'));
          },
        },
      );
      await lease.hold(microphone);
      signal?.throwIfAborted();
      if (lease.closed) throw new DOMException('The microphone was closed before it opened.', 'AbortError');
      return lease;
    } catch (thrown) {
      signal?.removeEventListener('abort', close);
      await lease.close();
      throw thrown;
    }
  }

  /** Opens the microphone for its level alone, e.g. in the settings. */
  async testLevel(signal?: AbortSignal): Promise<AudioCapture> {
    return this.open(LEVEL_TEST, { onFrame: () => undefined }, signal);
  }
}

/** The right of one owner to the microphone, from the request to the end. */
class Lease implements AudioCapture {
  readonly owner: string;
  readonly #onClosed: () => void;
  #microphone: Microphone | undefined;
  #closed = false;

  constructor(owner: string, onClosed: () => void) {
    this.owner = owner;
    this.#onClosed = onClosed;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Takes over the microphone once it is open, or closes it if the lease has ended in the meantime. */
  async hold(microphone: Microphone): Promise<void> {
    this.#microphone = microphone;
    if (this.#closed) await microphone.close();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#microphone?.close();
    } finally {
      this.#onClosed();
    }
  }
}
