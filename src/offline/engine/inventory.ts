/** Which of the speech engine's programs are installed, and how to install the others. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { readPairs, type LanguagePair } from './apertium-modes.js';
import type { ProgramRunner } from './process.js';
import type { SpokenLanguages } from './flite-espeak.js';

export interface Inventory {
  readonly pairs: readonly LanguagePair[];
  /** A sentence for each recommended pair that is not installed. */
  readonly missingPairs: readonly string[];
  /** Whether English speech can be recognised. */
  readonly recognizer: boolean;
  readonly speech: SpokenLanguages;
}

const INSTALL = 'Install it with: sudo apt-get install --no-install-recommends';
const LANGUAGE_PACKAGES = [
  { name: 'English ↔ Spanish', package: 'apertium-eng-spa', source: 'en', target: 'es' },
  { name: 'English ↔ Catalan', package: 'apertium-eng-cat', source: 'en', target: 'ca' },
  { name: 'Spanish ↔ Portuguese', package: 'apertium-es-pt', source: 'es', target: 'pt' },
  { name: 'French ↔ Spanish', package: 'apertium-fr-es', source: 'fr', target: 'es' },
] as const;

export const MISSING = {
  translation: `Offline translation is not installed. ${INSTALL} ${LANGUAGE_PACKAGES.map((each) => each.package).join(' ')}`,
  recognition: `Offline recognition of English speech is not installed. ${INSTALL} pocketsphinx pocketsphinx-en-us`,
  english: `Offline English speech (flite) is not installed. ${INSTALL} flite`,
  speech: `Offline speech in other languages than English (espeak-ng) is not installed. ${INSTALL} espeak-ng`,
} as const;

const COMMANDS = ['lt-proc', 'apertium-tagger', 'pocketsphinx_continuous', 'flite', 'espeak-ng'] as const;
const FIND_COMMANDS = 'for name in "$@"; do command -v "$name" >/dev/null && echo "$name"; done; true';
const TIMEOUT_MS = 20_000;

/** @param root the root of the file system with Debian's packages: `/` */
export async function takeInventory(
  root: string,
  programs: ProgramRunner,
  signal: AbortSignal,
): Promise<Inventory> {
  const found = await programs.run({ script: FIND_COMMANDS, args: COMMANDS, timeoutMs: TIMEOUT_MS }, signal);
  const commands = new Set(found.toString('utf8').split('\n'));
  const translates = commands.has('lt-proc') && commands.has('apertium-tagger');
  const modes = join(root, 'usr/share/apertium/modes');
  const [pairs, model, espeak] = await Promise.all([
    translates && (await exists(modes)) ? readPairs(modes) : [],
    exists(join(root, 'usr/share/pocketsphinx/model/en-us/en-us.lm.bin')),
    commands.has('espeak-ng') ? readVoices(programs, signal) : new Set<string>(),
  ]);
  const recognizer = model && commands.has('pocketsphinx_continuous');
  const flite = commands.has('flite');
  return { pairs, missingPairs: missingPairs(pairs), recognizer, speech: { flite, espeak } };
}

function missingPairs(pairs: readonly LanguagePair[]): string[] {
  if (pairs.length === 0) return [MISSING.translation];
  return LANGUAGE_PACKAGES.filter(
    ({ source, target }) => !pairs.some((pair) => pair.source === source && pair.target === target),
  ).map((each) => `${each.name} is not installed. ${INSTALL} ${each.package}`);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The second column of the table is the language; further names are in brackets at the end: `(fr 5)`. */
async function readVoices(programs: ProgramRunner, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const table = await programs.run({ script: 'espeak-ng --voices', timeoutMs: TIMEOUT_MS }, signal);
  const rows = table.toString('utf8').split('\n').slice(1);
  return new Set(
    rows.flatMap((row) => [
      ...row.trim().split(/\s+/).slice(1, 2),
      ...[...row.matchAll(/\((\S+) \d+\)/g)].map(([, name = '']) => name),
    ]),
  );
}
