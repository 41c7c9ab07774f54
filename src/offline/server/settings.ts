/** The settings of one session: defaults and updates. */
import type { InputTranscription, OutputKind, SessionSettings, TurnDetection } from '../../wire/index.js';
import { RequestError } from './errors.js';

/** The names that a voice may have. */
export type VoiceNames = ReadonlySet<string> | 'any';

/** Complete settings, as `session.created` and `session.updated` show them. */
export interface Settings {
  readonly model: string;
  readonly output: OutputKind;
  readonly instructions: string;
  readonly voice: string;
  readonly inputFormat: 'pcm16';
  readonly outputFormat: 'pcm16';
  readonly transcription: InputTranscription | null;
  readonly noiseReduction: 'near_field' | 'far_field' | null;
  readonly turnDetection: TurnDetection | null;
  readonly tools: readonly [];
  readonly toolChoice: 'none' | 'auto';
  readonly maxOutputTokens: number | 'inf';
}

/** The voice of a session that never chose one; the responder then chooses by language. */
export const DEFAULT_VOICE = 'alloy';

/** As on the real server, turn detection with automatic responses is on from the start. */
export function defaultSettings(model: string): Settings {
  return {
    model,
    output: 'audio',
    instructions: '',
    voice: DEFAULT_VOICE,
    inputFormat: 'pcm16',
    outputFormat: 'pcm16',
    transcription: null,
    noiseReduction: null,
    turnDetection: resolveDetection({ type: 'server_vad' }),
    tools: [],
    toolChoice: 'auto',
    maxOutputTokens: 'inf',
  };
}

/**
 * Returns the settings after an update; absent fields keep their values.
 * @param lockedVoice the voice that the session has already used, if any
 * @throws RequestError when any field is invalid
 */
export function updateSettings(
  current: Settings,
  update: SessionSettings,
  voices: VoiceNames,
  lockedVoice: string | undefined,
): Settings {
  if (update.model !== undefined && update.model !== current.model) {
    throw new RequestError('invalid_value', 'The model of a session cannot be changed.', 'session.model');
  }
  checkFormat(update.inputFormat);
  checkFormat(update.outputFormat);
  requireVoice(update.voice, voices, lockedVoice);
  const { turnDetection, ...plain } = update;
  const detection = turnDetection ? resolveDetection(turnDetection) : turnDetection;
  return {
    ...current,
    ...plain,
    model: current.model,
    inputFormat: 'pcm16',
    outputFormat: 'pcm16',
    turnDetection: detection === undefined ? current.turnDetection : detection,
  };
}

/** @throws RequestError for an unknown voice, or one that differs from the locked voice. */
export function requireVoice(
  voice: string | undefined,
  voices: VoiceNames,
  lockedVoice: string | undefined,
): void {
  if (voice === undefined) return;
  if (voices !== 'any' && !voices.has(voice)) {
    throw new RequestError(
      'invalid_value',
      `Invalid value: '${voice}'. Supported voices are: ${[...voices].join(', ')}.`,
    );
  }
  if (lockedVoice !== undefined && voice !== lockedVoice) {
    throw new RequestError(
      'cannot_update_voice',
      "Cannot update a conversation's voice if assistant audio is present.",
    );
  }
}

/** @throws RequestError for G.711, which this server does not support. */
export function checkFormat(format: SessionSettings['inputFormat']): void {
  if (format !== undefined && format !== 'pcm16') {
    throw new RequestError(
      'invalid_value',
      `The offline server supports only PCM16 at 24 kHz, not ${format}.`,
    );
  }
}

function resolveDetection(detection: TurnDetection): TurnDetection {
  if (typeof detection.idleTimeoutMs === 'number') {
    throw new RequestError(
      'invalid_value',
      'The offline server has no idle timeout; leave it out or send null.',
    );
  }
  const responding = {
    createResponse: detection.createResponse ?? true,
    interruptResponse: detection.interruptResponse ?? true,
  };
  if (detection.type === 'semantic_vad') {
    return { type: 'semantic_vad', eagerness: detection.eagerness ?? 'auto', ...responding };
  }
  return {
    type: 'server_vad',
    threshold: detection.threshold ?? 0.5,
    prefixPaddingMs: detection.prefixPaddingMs ?? 300,
    silenceDurationMs: detection.silenceDurationMs ?? 500,
    idleTimeoutMs: null,
    ...responding,
  };
}
