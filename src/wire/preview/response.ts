/** Preview responses: as clients request and as servers report them. */
import { z } from 'zod';

import type { ResponseRequest, ResponseView } from '../events.js';
import { strictInput, writeInput } from '../shared/items.js';
import { defined, lenient } from '../shared/optional.js';
import {
  looseFormat,
  strictFormat,
  strictModalities,
  strictTemperature,
  writeModalities,
} from './session.js';
import { looseResponseCommon, strictMetadata, toResponse, writeResponseCommon } from '../shared/responses.js';
import type { WriteAudio } from '../shared/samples.js';
import * as parts from '../shared/session-parts.js';

export const assistantParts = { text: 'text', audio: 'audio' } as const;

export function writeRequest(request: ResponseRequest, writeAudio: WriteAudio) {
  return {
    conversation: request.conversation,
    modalities: writeModalities(request.output),
    voice: request.voice,
    output_audio_format: request.outputFormat,
    instructions: request.instructions,
    metadata: request.metadata && { ...request.metadata },
    input: request.input?.map((entry) => writeInput(entry, assistantParts, writeAudio)),
    tools: request.tools && [],
    tool_choice: request.toolChoice,
    max_response_output_tokens: request.maxOutputTokens,
  };
}

/** The token limit has two names: the client library's and the schema's. */
export const strictRequest = z
  .strictObject({
    conversation: z.enum(['auto', 'none']).optional(),
    modalities: strictModalities.optional(),
    voice: z.string().optional(),
    output_audio_format: strictFormat.optional(),
    instructions: z.string().optional(),
    metadata: strictMetadata.optional(),
    input: z.array(strictInput(assistantParts)).optional(),
    tools: parts.strictTools.optional(),
    tool_choice: parts.strictToolChoice.optional(),
    max_response_output_tokens: parts.strictMaxTokens.optional(),
    max_output_tokens: parts.strictMaxTokens.optional(),
    temperature: strictTemperature.optional(),
  })
  .transform((request): ResponseRequest =>
    defined({
      conversation: request.conversation,
      output: request.modalities,
      voice: request.voice,
      outputFormat: request.output_audio_format,
      instructions: request.instructions,
      metadata: request.metadata,
      input: request.input,
      tools: request.tools,
      toolChoice: request.tool_choice,
      maxOutputTokens: request.max_response_output_tokens ?? request.max_output_tokens,
    }),
  );

export function writeResponse(response: ResponseView) {
  return {
    ...writeResponseCommon(response, assistantParts),
    modalities: writeModalities(response.outputKind),
    voice: response.voice,
    output_audio_format: response.outputFormat,
    temperature: 0.8,
  };
}

const looseFields = looseResponseCommon.extend({
  modalities: parts.looseOutputKind,
  voice: lenient(z.string()),
  output_audio_format: looseFormat,
  max_output_tokens: parts.looseMaxTokens,
});

export const looseResponse = (unsaid: 'in_progress' | 'completed') =>
  looseFields.transform((response): ResponseView =>
    defined({
      ...toResponse(response, unsaid),
      outputKind: response.modalities,
      voice: response.voice ?? undefined,
      outputFormat: response.output_audio_format ?? undefined,
      maxOutputTokens: response.max_output_tokens ?? undefined,
    }),
  );
