/** A process of its own with a busy speech engine, for a test that kills it: says `busy`, then works until it dies. */
import { createSpeechEngine } from '../../src/offline/engine/engine.js';
import { ask } from './engine.js';
import { speakSamples } from './speech.js';

const engine = await createSpeechEngine();
await ask(engine, 'Good morning', { target: 'pt' });
const speech = await speakSamples('The children are playing in the garden.');
const long = Buffer.concat(Array<Buffer>(30).fill(speech));
process.stdout.write('busy\n');
/** Again and again, so that on a slow machine too all kinds of programs are met at the same time. */
async function forever(work: () => Promise<unknown>): Promise<never> {
  for (;;) await work();
}

await Promise.all([
  forever(() => engine.transcribe(Buffer.from(long), undefined, new AbortController().signal)),
  forever(() => ask(engine, 'I have a dog. '.repeat(400), { source: 'en', target: 'es', output: 'audio' })),
  forever(() => ask(engine, 'I have a cat. '.repeat(400), { source: 'en', target: 'es', output: 'audio' })),
]);
