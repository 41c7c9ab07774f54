/** Exports a conversation to a file. */
import { toJson, toText, fileName } from '../export.js';
import type { Messages } from '../i18n/en.js';
import { saveFile } from '../save-file.js';
import type { Turn } from './transcript.js';

export function exportTurns(turns: readonly Turn[], title: string, t: Messages, kind: 'text' | 'json'): void {
  const spokenTurns = turns.filter(({ speaker }) => speaker !== 'break');
  const content =
    kind === 'text'
      ? toText(
          title,
          spokenTurns.map(({ at, speaker, text }) => ({
            at,
            label: speaker === 'person' ? t.you : t.model,
            text,
          })),
        )
      : toJson(
          spokenTurns.map(({ at, speaker, text, state }) => ({
            at,
            speaker,
            text,
            interrupted: state === 'interrupted',
          })),
        );
  saveFile(new Blob([content]), fileName('conversation', Date.now(), kind === 'text' ? 'txt' : 'json'));
}
