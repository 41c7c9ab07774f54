/** The settings of a conversation's upstream session. */
import type { ProfileInput } from '../session/profile.js';
import { makeProfile } from '../session/prompt.js';
import type { SessionSettings } from '../wire/index.js';

/** Spoken, or written. */
export type ConversationKind = 'voice' | 'text';

/** Prompts of conversations that come without a target language or a prompt of their own. */
const ASSISTANTS: Record<ConversationKind, string> = {
  voice:
    'You are a helpful assistant in a spoken conversation. Answer in the language that you are spoken to, ' +
    'in a few short sentences, as people talk: no lists, no markup.',
  text: 'You are a helpful assistant. Answer in the language that you are written to. You may use Markdown.',
};

export interface SpeechDefaults {
  /** Transcribes what the client says; the client may choose another in an update of its session. */
  readonly transcriptionModel: string;
  /** Of conversations whose options name none; absent: the provider's default. */
  readonly voice?: string | undefined;
}

/**
 * @param options in canonical form: with a prompt the session follows it, with a target language it interprets
 * @param interrupts speech interrupts the running response; else a TurnQueue asks for responses, and upstream does not
 */
export function relaySettings(
  kind: ConversationKind,
  options: ProfileInput,
  { transcriptionModel, voice }: SpeechDefaults,
  interrupts: boolean,
): SessionSettings {
  const settings: SessionSettings = {
    instructions: instructionsOf(kind, options),
    inputFormat: 'pcm16',
    outputFormat: 'pcm16',
    tools: [],
    toolChoice: 'none',
  };
  if (kind === 'text') return { ...settings, output: 'text', turnDetection: null };
  const spokenBy = options.voice ?? voice;
  return {
    ...settings,
    output: 'audio',
    turnDetection: { type: 'server_vad', createResponse: interrupts, interruptResponse: interrupts },
    transcription: { model: transcriptionModel, ...transcriptionLanguage(options.source) },
    ...(spokenBy !== undefined && { voice: spokenBy }),
  };
}

function instructionsOf(kind: ConversationKind, options: ProfileInput): string {
  const isAssistant = options.prompt === undefined && options.target === undefined;
  return isAssistant ? ASSISTANTS[kind] : makeProfile(options, { defaultPrompt: ASSISTANTS[kind] }).prompt;
}

/** Transcription takes the language alone (ISO 639), with which every tag begins. */
function transcriptionLanguage(source: string | undefined): { language?: string } {
  const [language] = source?.split('-', 1) ?? [];
  return language === undefined ? {} : { language };
}
