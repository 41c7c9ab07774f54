/** A process of its own with a busy speech engine, for a test that kills it: says `busy`, then works until it dies. */
import { createSpeechEngine } from '../../src/offline/engine.js';
import { ask } from './engine.js';
import { speakSamples } from './speech.js';

const engine = await createSpeechEngine();
await ask(engine, 'Good morning', { target: 'pt' });
const speech = await speakSamples('The children are playing in the garden.');
const long = Buffer.concat(Array<Buffer>(30).fill(speech));
process.stdout.write('busy\n');
await Promise.all([
  engine.transcribe(long, undefined, new AbortController().signal),
  ask(engine, 'I have a dog. '.repeat(2_000), { source: 'en', target: 'es', output: 'audio' }),
]);
