/** The microphone as a run of 24 kHz mono frames. */
import { Trouble, type TroubleCode } from '../api/trouble.js';
import captureUrl from './capture.worklet.ts?worker&url';
import { SAMPLE_RATE } from './pcm.js';
import { Resampler } from './resampler.js';

export interface MicrophoneListener {
  /** About 40 ms of sound, floats in -1…1. */
  onFrame(samples: Float32Array): void;
  /** The device went away by itself (unplugged, permission withdrawn). */
  onLost(): void;
}

export class Microphone {
  readonly #stream: MediaStream;
  readonly #context: AudioContext;

  private constructor(stream: MediaStream, context: AudioContext) {
    this.#stream = stream;
    this.#context = context;
  }

  /** Asks for permission where needed. @throws Trouble that says why there is no sound. */
  static async open(listener: MicrophoneListener): Promise<Microphone> {
    const stream = await askForSound();
    let context: AudioContext | undefined;
    try {
      const [opened, source] = connect(stream);
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

async function askForSound(): Promise<MediaStream> {
  // Outside https and localhost browsers hide mediaDevices altogether, whatever the DOM types say.
  const { mediaDevices } = navigator as { readonly mediaDevices?: MediaDevices };
  if (mediaDevices === undefined) throw new Trouble('microphone-insecure');
  try {
    return await mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
  } catch (thrown) {
    throw new Trouble(codeOf(thrown), { detail: thrown instanceof Error ? thrown.message : undefined });
  }
}

/** At 24 kHz where the browser can (Firefox cannot connect a stream of another rate), else at the device's own rate. */
function connect(stream: MediaStream): [AudioContext, MediaStreamAudioSourceNode] {
  const wished = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: 'interactive' });
  try {
    return [wished, wished.createMediaStreamSource(stream)];
  } catch (thrown) {
    void wished.close();
    if (!(thrown instanceof DOMException)) throw thrown;
    const native = new AudioContext({ latencyHint: 'interactive' });
    return [native, native.createMediaStreamSource(stream)];
  }
}

function codeOf(thrown: unknown): TroubleCode {
  const name = thrown instanceof DOMException ? thrown.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'microphone-refused';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'microphone-missing';
  if (name === 'NotReadableError' || name === 'AbortError') return 'microphone-busy';
  return 'unknown';
}
