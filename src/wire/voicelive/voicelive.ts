/**
 * The dialect of Azure Voice Live: the preview's names and fields, but for voices, sampling rates and requests of its own.
 * The names are those of the types that the npm package @azure/ai-voicelive publishes.
 */
import { z } from 'zod';
import { createDialect, type DialectSpec } from '../dialect.js';
import type { ResponseRequest, SessionSettings, SessionView } from '../events.js';
import { PREVIEW_NAMES } from '../names.js';
import { spec as preview } from '../preview/preview.js';
import { strictFormat, strictModalities, writeModalities } from '../preview/session.js';
import { strictInput, writeInput } from '../shared/items.js';
import { defined } from '../shared/optional.js';
import { strictMetadata } from '../shared/responses.js';
import type { WriteAudio } from '../shared/samples.js';
import * as parts from '../shared/session-parts.js';

const { session, response } = preview;

/** Azure's own voices begin with their locale (`en-US-AvaNeural`); the others are the model's. */
const AZURE_VOICE = /^[a-z]{2,3}-[A-Z]/;

function writeVoice({ voice }: { voice?: string }) {
  if (voice === undefined) return {};
  return { voice: { type: AZURE_VOICE.test(voice) ? 'azure-standard' : 'openai', name: voice } };
}

function writeSettings(settings: SessionSettings) {
  return { ...session.writeSettings(settings), ...writeVoice(settings) };
}

/** Reads a session by the preview's schema: a voice is an object, whose name is all that counts. */
function readVoice(fields: unknown): unknown {
  const { success, data } = z.looseObject({ voice: z.object({ name: z.string() }) }).safeParse(fields);
  return success ? { ...data, voice: data.voice.name } : fields;
}

/** Out-of-band is what neither stays in the conversation nor cancels the response before it. */
function writeRequest(request: ResponseRequest, writeAudio: WriteAudio) {
  return {
    commit: request.conversation && request.conversation === 'auto',
    cancel_previous: request.conversation === 'none' ? false : undefined,
    modalities: writeModalities(request.output),
    ...writeVoice(request),
    output_audio_format: request.outputFormat,
    instructions: request.instructions,
    metadata: request.metadata,
    input_items: request.input?.map((entry) => writeInput(entry, preview.parts, writeAudio)),
    tools: request.tools && [],
    tool_choice: request.toolChoice,
    max_output_tokens: request.maxOutputTokens,
  };
}

const strictRequest = z
  .strictObject({
    commit: z.boolean().optional(),
    cancel_previous: z.boolean().optional(),
    modalities: strictModalities.optional(),
    voice: z.strictObject({ type: z.string(), name: z.string() }).optional(),
    output_audio_format: strictFormat.optional(),
    instructions: z.string().optional(),
    metadata: strictMetadata.optional(),
    input_items: z.array(strictInput(preview.parts)).optional(),
    tools: parts.strictTools.optional(),
    tool_choice: parts.strictToolChoice.optional(),
    max_output_tokens: parts.strictMaxTokens.optional(),
  })
  .transform((request): ResponseRequest =>
    defined({
      conversation: conversationOf(request.commit),
      output: request.modalities,
      voice: request.voice?.name,
      outputFormat: request.output_audio_format,
      instructions: request.instructions,
      metadata: request.metadata,
      input: request.input_items,
      tools: request.tools,
      toolChoice: request.tool_choice,
      maxOutputTokens: request.max_output_tokens,
    }),
  );

function conversationOf(commit: boolean | undefined): ResponseRequest['conversation'] {
  if (commit === undefined) return undefined;
  return commit ? 'auto' : 'none';
}

export const spec = {
  name: 'voicelive',
  headers: {},
  names: PREVIEW_NAMES,
  parts: preview.parts,
  session: {
    writeSettings,
    writeView: (view: SessionView) => ({ ...session.writeView(view), ...writeVoice(view) }),
    strictSettings: z.preprocess(readVoice, session.strictSettings),
    looseView: z.preprocess(readVoice, session.looseView),
  },
  response: { ...response, writeRequest, strictRequest },
  declareRate: (settings, rate) => ({ ...writeSettings(settings), input_audio_sampling_rate: rate }),
  mutedTurnDetection: null,
  hearsInput: true,
} as const satisfies DialectSpec;

export const voicelive = createDialect(spec);
