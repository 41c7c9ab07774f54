/** Captures the microphone as 24 kHz mono frames. */
import { AppError, type AppErrorCode } from '../api/errors.js';
import captureUrl from './capture.worklet.ts?worker&url';
import { SAMPLE_RATE } from './pcm.js';
import { Resampler } from './resampler.js';

export interface MicrophoneListener {
  /** About 40 ms of sound, floats in -1…1. */
  onFrame(samples: Float32Array): void;
  /** The device was lost: unplugged, or the permission was withdrawn. */
  onLost(): void;
}

export interface MicrophoneOptions {
  /** Absent: the default of the system. */
  readonly deviceId?: string;
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly autoGainControl: boolean;
}

/** One opened device. Pages use AudioInput, which sees to it that only one is open. */
export class Microphone {
  readonly #stream: MediaStream;
  readonly #context: AudioContext;

  private constructor(stream: MediaStream, context: AudioContext) {
    this.#stream = stream;
    this.#context = context;
  }

  /** Asks for permission if necessary. @throws AppError with the reason if the microphone cannot be opened. */
  static async open(options: MicrophoneOptions, listener: MicrophoneListener): Promise<Microphone> {
    const stream = await requestStream(options);
    let context: AudioContext | undefined;
    try {
      const [opened, source] = createSource(stream);
      context = opened;
      await context.audioWorklet.addModule(captureUrl);
      const capture = new AudioWorkletNode(context, 'capture', { numberOfOutputs: 0 });
      const resampler = new Resampler(context.sampleRate, SAMPLE_RATE);
      capture.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
        listener.onFrame(resampler.push(data));
      };
      source.connect(capture);
      await context.resume();
      for (const track of stream.getTracks()) {
        track.onended = () => {
          listener.onLost();
        };
      }
      return new Microphone(stream, context);
    } catch (thrown) {
      for (const track of stream.getTracks()) track.stop();
      await context?.close();
      throw thrown;
    }
  }

  async close(): Promise<void> {
    for (const track of this.#stream.getTracks()) {
      track.onended = null;
      track.stop();
    }
    if (this.#context.state !== 'closed') await this.#context.close();
  }
}

/** A chosen device that is gone is replaced by the default, as `ideal` means. */
async function requestStream({ deviceId, ...processing }: MicrophoneOptions): Promise<MediaStream> {
  // Outside https and localhost browsers hide mediaDevices altogether, whatever the DOM types say.
  const { mediaDevices } = navigator as { readonly mediaDevices?: MediaDevices };
  if (mediaDevices === undefined) throw new AppError('microphone-insecure');
  try {
    return await mediaDevices.getUserMedia({
      audio: {
        channelCount: 1,
        ...processing,
        ...(deviceId === undefined ? {} : { deviceId: { ideal: deviceId } }),
      },
    });
  } catch (thrown) {
    throw new AppError(errorCodeFor(thrown), { cause: thrown });
  }
}

/** At 24 kHz where possible, else at the device's own rate: Firefox cannot connect a stream of another rate. */
function createSource(stream: MediaStream): [AudioContext, MediaStreamAudioSourceNode] {
  const preferred = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: 'interactive' });
  try {
    return [preferred, preferred.createMediaStreamSource(stream)];
  } catch (thrown) {
    void preferred.close();
    if (!(thrown instanceof DOMException)) throw thrown;
    const native = new AudioContext({ latencyHint: 'interactive' });
    return [native, native.createMediaStreamSource(stream)];
  }
}

function errorCodeFor(thrown: unknown): AppErrorCode {
  const name = thrown instanceof DOMException ? thrown.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'microphone-refused';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'microphone-missing';
  if (name === 'NotReadableError' || name === 'AbortError') return 'microphone-busy';
  return 'unknown';
}
