/** A process that keeps a warm ffmpeg, reports its process id over IPC, and runs until it is killed. */
import { AudioNormalizer } from '../../../src/audio/normalize.js';
import { children, until } from './processes.js';

const [path = ''] = process.argv.slice(2);
const before = await children();
const normalizer = new AudioNormalizer({ concurrency: 1, spare: 1, timeoutMs: 20_000, maxSeconds: 9 });
await normalizer.normalize(path);
const started = async (): Promise<number | undefined> =>
  (await children()).find((pid) => !before.includes(pid));
await until(async () => (await started()) !== undefined);
process.send?.(await started());
setInterval(() => undefined, 60_000);
