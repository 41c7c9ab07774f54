/** How each dialect spells what the tests of the server say and expect, written down by hand from the published names. */

export interface Spelling {
  readonly name: 'ga' | 'preview';
  readonly textDelta: string;
  readonly textDone: string;
  readonly transcriptDelta: string;
  readonly transcriptDone: string;
  readonly audioDelta: string;
  readonly audioDone: string;
  readonly itemAdded: string;
  /** Of a finished item; preview has none. */
  readonly itemDone: string | undefined;
  /** Type of the final text part, and of an assistant's text sent by a client. */
  readonly assistantText: string;
  update(settings: {
    output?: 'text' | 'audio';
    vad?: object | null;
    voice?: string;
    transcription?: object | null;
    instructions?: string;
  }): object;
  /** The part of a response that chooses its output. */
  output(kind: 'text' | 'audio'): object;
  readonly vadPath: string;
  readonly voicePath: string;
}

export const GA: Spelling = {
  name: 'ga',
  textDelta: 'response.output_text.delta',
  textDone: 'response.output_text.done',
  transcriptDelta: 'response.output_audio_transcript.delta',
  transcriptDone: 'response.output_audio_transcript.done',
  audioDelta: 'response.output_audio.delta',
  audioDone: 'response.output_audio.done',
  itemAdded: 'conversation.item.added',
  itemDone: 'conversation.item.done',
  assistantText: 'output_text',
  update: ({ output, vad, voice, transcription, instructions }) => ({
    type: 'session.update',
    session: {
      type: 'realtime',
      ...(output && { output_modalities: [output] }),
      ...(instructions !== undefined && { instructions }),
      audio: {
        input: {
          ...(vad !== undefined && { turn_detection: vad }),
          ...(transcription !== undefined && { transcription }),
        },
        output: { ...(voice !== undefined && { voice }) },
      },
    },
  }),
  output: (kind) => ({ output_modalities: [kind] }),
  vadPath: 'audio.input.turn_detection',
  voicePath: 'audio.output.voice',
};

export const PREVIEW: Spelling = {
  name: 'preview',
  textDelta: 'response.text.delta',
  textDone: 'response.text.done',
  transcriptDelta: 'response.audio_transcript.delta',
  transcriptDone: 'response.audio_transcript.done',
  audioDelta: 'response.audio.delta',
  audioDone: 'response.audio.done',
  itemAdded: 'conversation.item.created',
  itemDone: undefined,
  assistantText: 'text',
  update: ({ output, vad, voice, transcription, instructions }) => ({
    type: 'session.update',
    session: {
      ...(output && { modalities: modalities(output) }),
      ...(instructions !== undefined && { instructions }),
      ...(vad !== undefined && { turn_detection: vad }),
      ...(transcription !== undefined && { input_audio_transcription: transcription }),
      ...(voice !== undefined && { voice }),
    },
  }),
  output: (kind) => ({ modalities: modalities(kind) }),
  vadPath: 'turn_detection',
  voicePath: 'voice',
};

export const SPELLINGS: readonly Spelling[] = [GA, PREVIEW];

/** A question on its own, beside the default conversation. */
export function outOfBand(spelling: Spelling, text: string, more: object = {}): object {
  return {
    conversation: 'none',
    ...spelling.output('text'),
    input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }],
    ...more,
  };
}

/** A user's message as an item. */
export function message(text: string, id?: string): object {
  return { ...(id && { id }), type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
}

function modalities(output: 'text' | 'audio'): string[] {
  return output === 'text' ? ['text'] : ['audio', 'text'];
}
