/** Apertium's installed language pairs: one mode file each, whose name is the pair and whose content is the pipeline. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One translation that Apertium does directly. */
export interface LanguagePair {
  /** The source language, without region. */
  readonly source: string;
  /** BCP 47, with a region or variant where Apertium has a pair for it: `pt-BR`, `ca-valencia`. */
  readonly target: string;
  /** Shell pipeline that translates piece by piece. */
  readonly script: string;
  /** The first stage alone, the dictionary of the source language; absent if it is another program. */
  readonly analyser: string | undefined;
}

/** `eng-spa`, `es-pt_BR`, `eng-cat_valencia`; neither `eco-es-fr` nor orthographies such as `eng-cat_iec2017`. */
const MODE_FILE = /^([a-z]{2,3})-([a-z]{2,3})(?:_([A-Z]{2}|valencia))?\.mode$/;
/** These flush at every NUL without the option `-z`, and do not accept it. */
const FLUSHES_ANYWAY = /^(vislcg3|cg-mwesplit|hfst-tokeni[sz]e|divvun-suggest)\b/;

/** @returns sorted by source, then target */
export async function readPairs(folder: string): Promise<LanguagePair[]> {
  const pairs: LanguagePair[] = [];
  for (const file of await readdir(folder)) {
    const [, source, target, variant] = MODE_FILE.exec(file) ?? [];
    if (source === undefined || target === undefined) continue;
    const stages = readStages(await readFile(join(folder, file), 'utf8'));
    pairs.push({
      source: tagOf(source),
      target: tagOf(variant === undefined ? target : `${target}-${variant}`),
      script: stages.join(' | '),
      analyser: stages[0]?.startsWith('lt-proc ') ? stages[0] : undefined,
    });
  }
  return pairs.sort((a, b) => a.source.localeCompare(b.source) || a.target.localeCompare(b.target));
}

/** Every stage flushes at NUL (`-z`); the generator leaves unknown words unmarked (`-n` for `$1`). */
function readStages(mode: string): string[] {
  return mode
    .trim()
    .split('|')
    .map((stage) => stage.trim().replaceAll('$1', '-n').replaceAll('$2', ''))
    .map((stage) => (FLUSHES_ANYWAY.test(stage) ? stage : stage.replace(/^\S+/, '$& -z')));
}

/** Canonical BCP 47: `spa` → `es`. */
function tagOf(code: string): string {
  return Intl.getCanonicalLocales(code)[0] ?? code;
}
