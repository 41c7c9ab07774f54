/** GA responses: as clients request and as servers report them. */
import { z } from 'zod';

import type { ResponseRequest, ResponseView } from '../events.js';
import {
  looseFormat,
  strictExtras,
  strictFormat,
  strictModalities,
  strictVoice,
  writeFormat,
} from './session.js';
import { strictInput, writeInput } from '../shared/items.js';
import { defined, lenient } from '../shared/optional.js';
import { looseResponseCommon, strictMetadata, toResponse, writeResponseCommon } from '../shared/responses.js';
import type { WriteAudio } from '../shared/samples.js';
import * as parts from '../shared/session-parts.js';

export const assistantParts = { text: 'output_text', audio: 'output_audio' } as const;

function writeOutput({ outputFormat, voice }: Pick<ResponseRequest, 'outputFormat' | 'voice'>) {
  if (outputFormat === undefined && voice === undefined) return undefined;
  return { output: { format: writeFormat(outputFormat), voice } };
}

export function writeRequest(request: ResponseRequest, writeAudio: WriteAudio) {
  return {
    conversation: request.conversation,
    output_modalities: request.output && [request.output],
    audio: writeOutput(request),
    instructions: request.instructions,
    metadata: request.metadata,
    input: request.input?.map((entry) => writeInput(entry, assistantParts, writeAudio)),
    tools: request.tools && [],
    tool_choice: request.toolChoice,
    max_output_tokens: request.maxOutputTokens,
  };
}

export const strictRequest = z
  .strictObject({
    conversation: z.enum(['auto', 'none']).optional(),
    output_modalities: strictModalities.optional(),
    audio: z
      .strictObject({
        output: z.strictObject({ format: strictFormat.optional(), voice: strictVoice.optional() }).optional(),
      })
      .optional(),
    instructions: z.string().optional(),
    metadata: strictMetadata.optional(),
    input: z.array(strictInput(assistantParts)).optional(),
    tools: parts.strictTools.optional(),
    tool_choice: parts.strictToolChoice.optional(),
    max_output_tokens: parts.strictMaxTokens.optional(),
    ...strictExtras,
  })
  .transform((request): ResponseRequest =>
    defined({
      conversation: request.conversation,
      output: request.output_modalities,
      voice: request.audio?.output?.voice,
      outputFormat: request.audio?.output?.format,
      instructions: request.instructions,
      metadata: request.metadata,
      input: request.input,
      tools: request.tools,
      toolChoice: request.tool_choice,
      maxOutputTokens: request.max_output_tokens,
    }),
  );

export function writeResponse(response: ResponseView) {
  return {
    ...writeResponseCommon(response, assistantParts),
    output_modalities: response.outputKind && [response.outputKind],
    audio: writeOutput(response),
  };
}

const looseFields = looseResponseCommon.extend({
  output_modalities: parts.looseOutputKind,
  max_output_tokens: parts.looseMaxTokens,
  audio: lenient(
    z.object({ output: lenient(z.object({ format: looseFormat, voice: lenient(z.string()) })) }),
  ),
});

export const looseResponse = (unsaid: 'in_progress' | 'completed') =>
  looseFields.transform((response): ResponseView =>
    defined({
      ...toResponse(response, unsaid),
      outputKind: response.output_modalities,
      voice: response.audio?.output?.voice ?? undefined,
      outputFormat: response.audio?.output?.format ?? undefined,
      maxOutputTokens: response.max_output_tokens ?? undefined,
    }),
  );
