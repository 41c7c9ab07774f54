/** GA sessions: nested, with a type in every update. */
import { z } from 'zod';

import type { AudioFormat, SessionSettings, SessionView, TurnDetection } from '../events.js';
import { defined, lenient } from '../shared/optional.js';
import { addWireIssue } from '../errors.js';
import * as parts from '../shared/session-parts.js';

const FORMATS = {
  pcm16: { type: 'audio/pcm', rate: 24000 },
  g711_ulaw: { type: 'audio/pcmu' },
  g711_alaw: { type: 'audio/pcma' },
} as const;

const FORMAT_NAMES: Readonly<Record<string, AudioFormat>> = {
  'audio/pcm': 'pcm16',
  'audio/pcmu': 'g711_ulaw',
  'audio/pcma': 'g711_alaw',
};

export function writeFormat(format: AudioFormat | undefined) {
  return format === undefined ? undefined : FORMATS[format];
}

/** Replaces the rate of PCM16 input, which is 24 kHz by the published schema, in settings as they are written. */
export function declareRate(settings: ReturnType<typeof writeSettings>, rate: number): object {
  const { audio } = settings;
  if (audio?.input?.format?.type !== 'audio/pcm') return settings;
  const format = { ...audio.input.format, rate };
  return { ...settings, audio: { ...audio, input: { ...audio.input, format } } };
}

export const looseFormat = lenient(
  z
    .object({ type: z.enum(['audio/pcm', 'audio/pcmu', 'audio/pcma']) })
    .transform(({ type }) => FORMAT_NAMES[type]),
);

export const strictFormat = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('audio/pcm'), rate: z.literal(24000).optional() }),
    z.strictObject({ type: z.literal('audio/pcmu') }),
    z.strictObject({ type: z.literal('audio/pcma') }),
  ])
  .transform(({ type }) => FORMAT_NAMES[type]);

export const strictVoice = z
  .union([z.string(), z.strictObject({ id: z.string() })])
  .transform((voice) => (typeof voice === 'string' ? voice : voice.id));

/** One kind, never both: audio always comes with its transcript. */
export const strictModalities = parts.strictOutputKind(['audio']);

/** Undefined instead of an empty object. */
function unlessEmpty<T extends object>(fields: T): T | undefined {
  return Object.keys(fields).length === 0 ? undefined : fields;
}

function writeTurnDetection(vad: TurnDetection) {
  const written = parts.writeTurnDetection(vad);
  if (written.type !== 'server_vad') return written;
  return defined({ ...written, idle_timeout_ms: vad.idleTimeoutMs });
}

function writeAudioSettings(session: SessionSettings, speed?: number) {
  const { transcription, noiseReduction, turnDetection } = session;
  const input = defined({
    format: writeFormat(session.inputFormat),
    transcription: transcription && parts.transcriptionOf(transcription),
    noise_reduction: noiseReduction && { type: noiseReduction },
    turn_detection: turnDetection && writeTurnDetection(turnDetection),
  });
  const output = defined({ format: writeFormat(session.outputFormat), voice: session.voice, speed });
  return unlessEmpty(defined({ input: unlessEmpty(input), output: unlessEmpty(output) }));
}

function writeCommon(session: SessionSettings) {
  return {
    model: session.model,
    output_modalities: session.output && [session.output],
    instructions: session.instructions,
    tools: session.tools && [],
    tool_choice: session.toolChoice,
    max_output_tokens: session.maxOutputTokens,
  };
}

export function writeSettings(session: SessionSettings) {
  return defined({ type: 'realtime' as const, ...writeCommon(session), audio: writeAudioSettings(session) });
}

export function writeView(session: SessionView) {
  return defined({
    type: 'realtime' as const,
    object: 'realtime.session' as const,
    id: session.id,
    ...writeCommon(session),
    tracing: null,
    truncation: 'auto' as const,
    prompt: null,
    expires_at: session.expiresAt,
    audio: writeAudioSettings(session, 1),
  });
}

export const looseView = z
  .object({
    id: z.string().default(''),
    expires_at: parts.looseExpiry,
    model: lenient(z.string()),
    output_modalities: parts.looseOutputKind,
    instructions: lenient(z.string()),
    tools: parts.looseTools,
    tool_choice: parts.looseToolChoice,
    max_output_tokens: parts.looseMaxTokens,
    audio: lenient(
      z.object({
        input: lenient(
          z.object({
            format: looseFormat,
            transcription: parts.looseTranscription,
            noise_reduction: parts.looseNoiseReduction,
            turn_detection: parts.looseTurnDetection,
          }),
        ),
        output: lenient(z.object({ format: looseFormat, voice: lenient(z.string()) })),
      }),
    ),
  })
  .transform(({ audio, ...session }): SessionView =>
    defined({
      id: session.id,
      expiresAt: session.expires_at,
      model: session.model ?? undefined,
      output: session.output_modalities,
      instructions: session.instructions ?? undefined,
      voice: audio?.output?.voice ?? undefined,
      inputFormat: audio?.input?.format ?? undefined,
      outputFormat: audio?.output?.format ?? undefined,
      transcription: audio?.input?.transcription,
      noiseReduction: audio?.input?.noise_reduction,
      turnDetection: audio?.input?.turn_detection,
      tools: session.tools,
      toolChoice: session.tool_choice,
      maxOutputTokens: session.max_output_tokens ?? undefined,
    }),
  );

const strictTurnDetection = z
  .discriminatedUnion('type', [
    z.strictObject({
      ...parts.strictServerVad,
      idle_timeout_ms: z.int().min(5000).max(30_000).nullable().optional(),
    }),
    parts.strictSemanticVad,
  ])
  .transform(parts.turnDetectionOf)
  .nullable();

const strictTranscription = z
  .strictObject({
    model: z.string().optional(),
    language: z.string().optional(),
    languages: z.array(z.string()).min(1).optional(),
    keywords: z.array(z.string()).optional(),
    prompt: z.string().optional(),
    delay: z.enum(['minimal', 'low', 'medium', 'high', 'xhigh']).optional(),
  })
  .transform(parts.transcriptionOf)
  .nullable();

/** Legal in sessions and responses, without a neutral counterpart: checked, then dropped. */
export const strictExtras = {
  parallel_tool_calls: z.boolean().optional(),
  reasoning: z
    .strictObject({ effort: z.enum(['minimal', 'low', 'medium', 'high', 'xhigh']).optional() })
    .optional(),
  prompt: z
    .strictObject({
      id: z.string(),
      version: z.string().nullable().optional(),
      variables: z.record(z.string(), z.unknown()).nullable().optional(),
    })
    .nullable()
    .optional(),
};

const strictTruncation = z.union([
  z.enum(['auto', 'disabled']),
  z.strictObject({
    type: z.literal('retention_ratio'),
    retention_ratio: z.number().min(0).max(1),
    token_limits: z.strictObject({ post_instructions: z.int().min(0).optional() }).optional(),
  }),
]);

const KEPT = [
  'type',
  'model',
  'output_modalities',
  'instructions',
  'tools',
  'tool_choice',
  'max_output_tokens',
];
const KEPT_OF_INPUT = ['format', 'transcription', 'noise_reduction', 'turn_detection'];
const KEPT_OF_OUTPUT = ['format', 'voice'];

const strictRealtime = z
  .strictObject({
    type: z.literal('realtime'),
    model: z.string().optional(),
    output_modalities: strictModalities.optional(),
    instructions: z.string().optional(),
    tools: parts.strictTools.optional(),
    tool_choice: parts.strictToolChoice.optional(),
    max_output_tokens: parts.strictMaxTokens.optional(),
    include: z
      .array(z.enum(['item.input_audio_transcription.logprobs']))
      .nullable()
      .optional(),
    tracing: parts.strictTracing.optional(),
    truncation: strictTruncation.optional(),
    ...strictExtras,
    audio: z
      .strictObject({
        input: z
          .strictObject({
            format: strictFormat.optional(),
            transcription: strictTranscription.optional(),
            noise_reduction: parts.strictNoiseReduction.optional(),
            turn_detection: strictTurnDetection.optional(),
          })
          .optional(),
        output: z
          .strictObject({
            format: strictFormat.optional(),
            voice: strictVoice.optional(),
            speed: parts.strictSpeed.optional(),
          })
          .optional(),
      })
      .optional(),
  })
  .transform(({ audio, ...session }): parts.DecodedSession => ({
    session: defined({
      model: session.model,
      output: session.output_modalities,
      instructions: session.instructions,
      voice: audio?.output?.voice,
      inputFormat: audio?.input?.format,
      outputFormat: audio?.output?.format,
      transcription: audio?.input?.transcription,
      noiseReduction: audio?.input?.noise_reduction,
      turnDetection: audio?.input?.turn_detection,
      tools: session.tools,
      toolChoice: session.tool_choice,
      maxOutputTokens: session.max_output_tokens,
    }),
    droppedFields: [
      ...parts.droppedFieldsOf(session, KEPT),
      ...parts.droppedFieldsOf(audio?.input, KEPT_OF_INPUT, 'audio.input.'),
      ...parts.droppedFieldsOf(audio?.output, KEPT_OF_OUTPUT, 'audio.output.'),
    ],
  }));

/** A connection that was opened for conversation cannot become one for transcription. */
const refusedTranscription = z.looseObject({ type: z.literal('transcription') }).transform((_, context) => {
  addWireIssue(
    context,
    'invalid_parameter',
    'Passing a transcription session update event to a realtime session is not allowed.',
    ['type'],
  );
  return z.NEVER;
});

export const strictSettings = z.discriminatedUnion('type', [strictRealtime, refusedTranscription]);
