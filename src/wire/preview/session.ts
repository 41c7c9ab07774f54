/** Preview sessions: flat, without a type. */
import { z } from 'zod';

import type { OutputKind, SessionSettings, SessionView } from '../events.js';
import { defined, lenient } from '../shared/optional.js';
import * as parts from '../shared/session-parts.js';

const FORMATS = ['pcm16', 'g711_ulaw', 'g711_alaw'] as const;

export const strictFormat = z.enum(FORMATS);
export const looseFormat = lenient(strictFormat);

/** Audio is requested together with its text. */
export const strictModalities = parts.strictOutputKind(['audio', 'text']);

/** Legal, without a neutral counterpart: checked, then dropped. */
export const strictTemperature = z.number().min(0.6).max(1.2);

export function writeModalities(kind: OutputKind | undefined) {
  if (kind === undefined) return undefined;
  return kind === 'text' ? ['text' as const] : ['audio' as const, 'text' as const];
}

export function writeSettings(session: SessionSettings) {
  const { transcription, noiseReduction, turnDetection } = session;
  return defined({
    model: session.model,
    modalities: writeModalities(session.output),
    instructions: session.instructions,
    voice: session.voice,
    input_audio_format: session.inputFormat,
    output_audio_format: session.outputFormat,
    input_audio_transcription: transcription && parts.transcriptionOf(transcription),
    input_audio_noise_reduction: noiseReduction && { type: noiseReduction },
    turn_detection: turnDetection && parts.writeTurnDetection(turnDetection),
    tools: session.tools && [],
    tool_choice: session.toolChoice,
    max_response_output_tokens: session.maxOutputTokens,
  });
}

export function writeView(session: SessionView) {
  return defined({
    id: session.id,
    object: 'realtime.session' as const,
    expires_at: session.expiresAt,
    ...writeSettings(session),
    temperature: 0.8,
    speed: 1,
    tracing: null,
  });
}

export const looseView = z
  .object({
    id: z.string().default(''),
    expires_at: parts.looseExpiry,
    model: lenient(z.string()),
    modalities: parts.looseOutputKind,
    instructions: lenient(z.string()),
    voice: lenient(z.string()),
    input_audio_format: looseFormat,
    output_audio_format: looseFormat,
    input_audio_transcription: parts.looseTranscription,
    input_audio_noise_reduction: parts.looseNoiseReduction,
    turn_detection: parts.looseTurnDetection,
    tools: parts.looseTools,
    tool_choice: parts.looseToolChoice,
    max_response_output_tokens: parts.looseMaxTokens,
  })
  .transform((session): SessionView =>
    defined({
      id: session.id,
      expiresAt: session.expires_at,
      model: session.model ?? undefined,
      output: session.modalities,
      instructions: session.instructions ?? undefined,
      voice: session.voice ?? undefined,
      inputFormat: session.input_audio_format ?? undefined,
      outputFormat: session.output_audio_format ?? undefined,
      transcription: session.input_audio_transcription,
      noiseReduction: session.input_audio_noise_reduction,
      turnDetection: session.turn_detection,
      tools: session.tools,
      toolChoice: session.tool_choice,
      maxOutputTokens: session.max_response_output_tokens ?? undefined,
    }),
  );

/** The earliest Azure servers had `none` where later ones have null. */
const strictTurnDetection = z
  .discriminatedUnion('type', [
    z.strictObject(parts.strictServerVad),
    parts.strictSemanticVad,
    z.strictObject({ type: z.literal('none') }),
  ])
  .transform((vad) => (vad.type === 'none' ? null : parts.turnDetectionOf(vad)))
  .nullable();

const strictTranscription = z
  .strictObject({
    model: z.string().optional(),
    language: z.string().optional(),
    prompt: z.string().optional(),
  })
  .transform(parts.transcriptionOf)
  .nullable();

const KEPT = [
  'model',
  'modalities',
  'instructions',
  'voice',
  'input_audio_format',
  'output_audio_format',
  'input_audio_transcription',
  'input_audio_noise_reduction',
  'turn_detection',
  'tools',
  'tool_choice',
  'max_response_output_tokens',
];

export const strictSettings = z
  .strictObject({
    model: z.string().optional(),
    modalities: strictModalities.optional(),
    instructions: z.string().optional(),
    voice: z.string().optional(),
    input_audio_format: strictFormat.optional(),
    output_audio_format: strictFormat.optional(),
    input_audio_transcription: strictTranscription.optional(),
    input_audio_noise_reduction: parts.strictNoiseReduction.optional(),
    turn_detection: strictTurnDetection.optional(),
    tools: parts.strictTools.optional(),
    tool_choice: parts.strictToolChoice.optional(),
    max_response_output_tokens: parts.strictMaxTokens.optional(),
    temperature: strictTemperature.optional(),
    speed: parts.strictSpeed.optional(),
    tracing: parts.strictTracing.optional(),
  })
  .transform((session): parts.DecodedSession => ({
    session: defined({
      model: session.model,
      output: session.modalities,
      instructions: session.instructions,
      voice: session.voice,
      inputFormat: session.input_audio_format,
      outputFormat: session.output_audio_format,
      transcription: session.input_audio_transcription,
      noiseReduction: session.input_audio_noise_reduction,
      turnDetection: session.turn_detection,
      tools: session.tools,
      toolChoice: session.tool_choice,
      maxOutputTokens: session.max_response_output_tokens,
    }),
    droppedFields: parts.droppedFieldsOf(session, KEPT),
  }));
