/** A third dialect, in one file: Azure Voice Live has the preview's names and fields, but for voices and requests of its own. */
import { z } from 'zod';
import { createDialect } from '../../src/wire/dialect.js';
import type { ResponseRequest, SessionSettings, SessionView } from '../../src/wire/index.js';
import { PREVIEW_NAMES } from '../../src/wire/names.js';
import { spec as preview } from '../../src/wire/preview/preview.js';
import { strictFormat, strictModalities, writeModalities } from '../../src/wire/preview/session.js';
import { strictInput, writeInput } from '../../src/wire/shared/items.js';
import { defined } from '../../src/wire/shared/optional.js';
import { strictMetadata } from '../../src/wire/shared/responses.js';
import type { WriteAudio } from '../../src/wire/shared/samples.js';
import * as parts from '../../src/wire/shared/session-parts.js';

const { session, response } = preview;

function writeVoice({ voice }: { voice?: string }) {
  return voice === undefined ? {} : { voice: { type: 'openai', name: voice } };
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
    max_response_output_tokens: request.maxOutputTokens,
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
    max_response_output_tokens: parts.strictMaxTokens.optional(),
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
      maxOutputTokens: request.max_response_output_tokens,
    }),
  );

function conversationOf(commit: boolean | undefined): ResponseRequest['conversation'] {
  if (commit === undefined) return undefined;
  return commit ? 'auto' : 'none';
}

export const voicelive = createDialect({
  name: 'voicelive',
  headers: {},
  names: PREVIEW_NAMES,
  parts: preview.parts,
  session: {
    writeSettings: (settings: SessionSettings) => ({
      ...session.writeSettings(settings),
      ...writeVoice(settings),
    }),
    writeView: (view: SessionView) => ({ ...session.writeView(view), ...writeVoice(view) }),
    strictSettings: z.preprocess(readVoice, session.strictSettings),
    looseView: z.preprocess(readVoice, session.looseView),
  },
  response: { ...response, writeRequest, strictRequest },
});
