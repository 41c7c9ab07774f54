/** Exports a conversation to a file. */
import { toJson, toText, fileName } from '../export.js';
import type { Messages } from '../i18n/en.js';
import { saveFile } from '../save-file.js';
import type { Turn } from './transcript.js';

export function exportTurns(turns: readonly Turn[], title: string, t: Messages, kind: 'text' | 'json'): void {
  const spokenTurns = turns.filter(({ input }) => input.speaker !== 'break');
  const content =
    kind === 'text'
      ? toText(
          title,
          spokenTurns.map(({ createdAt, input, text }) => ({
            at: createdAt,
            label: input.speaker === 'person' ? t.you : t.model,
            text,
          })),
        )
      : toJson(
          spokenTurns.map(({ createdAt, input, text, state }) => ({
            at: createdAt,
            speaker: input.speaker,
            text,
            interrupted: state === 'interrupted',
          })),
        );
  saveFile(new Blob([content]), fileName('conversation', Date.now(), kind === 'text' ? 'txt' : 'json'));
}
