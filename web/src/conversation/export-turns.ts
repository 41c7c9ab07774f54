/** A conversation as a file. */
import { asJson, asText, fileName } from '../export.js';
import type { Messages } from '../i18n/en.js';
import { saveFile } from '../save-file.js';
import type { Turn } from './transcript.js';

export function exportTurns(
  turns: readonly Turn[],
  title: string,
  words: Messages,
  kind: 'text' | 'json',
): void {
  const said = turns.filter(({ speaker }) => speaker !== 'break');
  const content =
    kind === 'text'
      ? asText(
          title,
          said.map(({ at, speaker, text }) => ({
            at,
            label: speaker === 'person' ? words.you : words.model,
            text,
          })),
        )
      : asJson(
          said.map(({ at, speaker, text, state }) => ({
            at,
            speaker,
            text,
            interrupted: state === 'interrupted',
          })),
        );
  saveFile(new Blob([content]), fileName('conversation', Date.now(), kind === 'text' ? 'txt' : 'json'));
}
