/** A made recording as a WAV file: what is sent, and what stretches of it are read from. */
import { openAsBlob } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { BYTES_PER_MS } from '../src/audio/pcm.js';
import { encodeWav } from '../src/audio/wav/wav.js';
import type { EvaluationRecording } from './recording.js';

const HEADER_BYTES = 44;

export class RecordingFile {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** An hour takes some seconds, and 173 MB. */
  static async write(recording: EvaluationRecording, path: string): Promise<RecordingFile> {
    await writeFile(path, encodeWav(Buffer.concat([...recording.pcm()])));
    return new RecordingFile(path);
  }

  /** PCM16 mono 24 kHz of that stretch, as far as it is in the recording. Times are whole milliseconds. */
  async read(fromMs: number, toMs: number): Promise<Buffer> {
    const from = Math.max(0, fromMs) * BYTES_PER_MS;
    const pcm = Buffer.alloc(Math.max(0, toMs * BYTES_PER_MS - from));
    const file = await open(this.path);
    try {
      const { bytesRead } = await file.read(pcm, 0, pcm.length, HEADER_BYTES + from);
      return pcm.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  /** That stretch in a file of its own. */
  async cut(fromMs: number, toMs: number, path: string): Promise<RecordingFile> {
    await writeFile(path, encodeWav(await this.read(fromMs, toMs)));
    return new RecordingFile(path);
  }

  /** What is sent: read from the file while it is sent. */
  blob(): Promise<Blob> {
    return openAsBlob(this.path);
  }

  bytes(): Promise<Buffer> {
    return readFile(this.path);
  }
}
