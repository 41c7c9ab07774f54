/** Where parts are not installed the engine starts all the same, and says what to install. */
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSpeechEngine } from '../../src/offline/engine/engine.js';
import { ask, audioItem } from '../support/engine.js';
import { silence } from '../support/offline-audio.js';

const never = new AbortController().signal;
let empty: string;

beforeAll(async () => {
  empty = await mkdtemp(join(tmpdir(), 'engine-'));
});
afterAll(() => rm(empty, { recursive: true }));

const missing = (words: string): object =>
  expect.objectContaining({ code: 'offline_engine_missing', message: expect.stringContaining(words) });

describe('without any of the programs', () => {
  it('every part is missing, and each says how it is installed', async () => {
    const engine = await createSpeechEngine({ path: empty });
    const capabilities = await engine.capabilities();
    expect(capabilities).toMatchObject({ languages: [], chains: [], speechSources: [], voices: [] });
    expect(capabilities.missing).toHaveLength(4);
    for (const part of capabilities.missing) expect(part).toContain('sudo apt-get install');
    const all = capabilities.missing.join(' ');
    for (const name of ['apertium-eng-spa', 'apertium-eng-cat', 'apertium-es-pt', 'apertium-fr-es']) {
      expect(all).toContain(name);
    }
    for (const name of ['pocketsphinx-en-us', 'flite', 'espeak-ng']) expect(all).toContain(name);

    await expect(ask(engine, 'Good morning')).rejects.toEqual(missing('apertium-eng-spa'));
    await expect(ask(engine, 'Guten Morgen, wie geht es dir?', { target: 'en' })).rejects.toEqual(
      missing('apertium-eng-spa'),
    );
    await expect(ask(engine, [audioItem(silence(100))])).rejects.toEqual(
      missing('pocketsphinx pocketsphinx-en-us'),
    );
    await expect(engine.transcribe(silence(100), 'en', never)).rejects.toEqual(missing('pocketsphinx'));
    await expect(ask(engine, 'Hello', { source: 'en', target: 'en', output: 'audio' })).rejects.toEqual(
      missing('flite'),
    );
    await expect(ask(engine, 'Hola', { source: 'es', target: 'es', output: 'audio' })).rejects.toEqual(
      missing('espeak-ng'),
    );
    expect((await ask(engine, 'Hello', { source: 'en', target: 'en' })).text).toBe('Hello');
    await engine.close();
  });
});

describe('without the data', () => {
  it('of languages and recogniser only those are missing', async () => {
    const engine = await createSpeechEngine({ root: empty });
    const { languages, speechSources, voices, missing: parts } = await engine.capabilities();
    expect({ languages, speechSources }).toEqual({ languages: [], speechSources: [] });
    expect(voices).toContain('slt');
    expect(parts).toHaveLength(2);
    await engine.close();
  });

  it('of one pair only that pair is missing, and what needs it is refused', async () => {
    const modes = join(empty, 'one/usr/share/apertium/modes');
    await mkdir(modes, { recursive: true });
    for (const name of ['eng-spa', 'spa-eng', 'fr-es', 'eng-cat']) {
      await symlink(`/usr/share/apertium/modes/${name}.mode`, join(modes, `${name}.mode`));
    }
    const engine = await createSpeechEngine({ root: join(empty, 'one') });
    const { missing: parts, chains } = await engine.capabilities();
    expect(parts.filter((part) => part.includes('apertium'))).toEqual([
      expect.stringMatching(/^Spanish ↔ Portuguese is not installed\. .* apertium-es-pt$/),
    ]);
    expect(chains).toContainEqual(['fr', 'es', 'en']);
    expect((await ask(engine, 'Good morning', { target: 'es' })).text).toBe('Buenos días');
    await expect(ask(engine, 'Good morning', { target: 'pt' })).rejects.toEqual(
      expect.objectContaining({ code: 'unsupported_language' }),
    );
    await engine.close();
  });
});

it('without flite English is spoken by espeak-ng, as long as that is there', async () => {
  const path = join(empty, 'bin');
  await mkdir(path);
  for (const name of ['espeak-ng', 'lt-proc', 'apertium-tagger'])
    await symlink(`/usr/bin/${name}`, join(path, name));
  const engine = await createSpeechEngine({ path });
  const reply = await ask(engine, 'Hello', { source: 'en', target: 'en', output: 'audio' });
  expect(reply.pcm.length).toBeGreaterThan(10_000);
  expect((await engine.capabilities()).missing.join(' ')).toContain('(flite) is not installed');
  await engine.close();
});
