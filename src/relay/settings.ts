/** What a conversation's upstream session is told to be. */
import type { ProfileInput } from '../session/profile.js';
import { makeProfile } from '../session/prompt.js';
import type { DialectName, SessionSettings } from '../wire/index.js';

/** Spoken, or written. */
export type ConversationKind = 'voice' | 'text';

/** Without a language to speak or a prompt of its own. */
const ASSISTANTS: Record<ConversationKind, string> = {
  voice:
    'You are a helpful assistant in a spoken conversation. Answer in the language that you are spoken to, ' +
    'in a few short sentences, as people talk: no lists, no markup.',
  text: 'You are a helpful assistant. Answer in the language that you are written to. You may use Markdown.',
};

/** In each dialect the name of the model that it has for good; an update of the client may choose another. */
const TRANSCRIPTION_MODELS: Record<DialectName, string> = { ga: 'gpt-transcribe', preview: 'whisper-1' };

/**
 * @param options in canonical form. With a prompt it does what that says, with a language to speak it interprets.
 * @param voice where the wish has none; absent: the provider's default
 */
export function relaySettings(
  kind: ConversationKind,
  options: ProfileInput,
  dialect: DialectName,
  voice: string | undefined,
): SessionSettings {
  const same: SessionSettings = {
    instructions: instructionsOf(kind, options),
    inputFormat: 'pcm16',
    outputFormat: 'pcm16',
    tools: [],
    toolChoice: 'none',
  };
  if (kind === 'text') return { ...same, output: 'text', turnDetection: null };
  const spokenBy = options.voice ?? voice;
  return {
    ...same,
    output: 'audio',
    turnDetection: { type: 'server_vad', createResponse: true, interruptResponse: true },
    transcription: { model: TRANSCRIPTION_MODELS[dialect], ...spokenLanguage(options.source) },
    ...(spokenBy !== undefined && { voice: spokenBy }),
  };
}

function instructionsOf(kind: ConversationKind, options: ProfileInput): string {
  const isPlain = options.prompt === undefined && options.target === undefined;
  return isPlain ? ASSISTANTS[kind] : makeProfile(options, { defaultPrompt: ASSISTANTS[kind] }).prompt;
}

/** Transcription takes the language alone (ISO 639), with which every tag begins. */
function spokenLanguage(source: string | undefined): { language?: string } {
  const [language] = source?.split('-', 1) ?? [];
  return language === undefined ? {} : { language };
}
