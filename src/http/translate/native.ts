/** The service's own front: unknown fields are refused, and the client chooses the form of the answer. */
import type { IncomingMessage } from 'node:http';
import { fieldNames, normalizeFields, validate, type Fields } from '../body/fields.js';
import type { FieldFault } from '../../errors.js';
import { invalidRequest, pointerTo, writeProblem } from '../problem.js';
import { translateSchema } from '../schemas.js';
import { pickProfile } from '../../session/profile.js';
import type { TranslateRequest } from '../../translate/request.js';
import type { EventStreamTiming } from './sse.js';
import type { Front, FrontRequest, ResponseForm } from './front.js';
import { negotiateForm, sendTranslationJson, sendWav } from './responses.js';
import { respondWithEvents } from './sse.js';

export function nativeFront(maxTextChars: number, timing: EventStreamTiming): Front {
  const schema = translateSchema(maxTextChars);
  const names = fieldNames(schema);
  return {
    path: '/api/realtime/translate',
    parse: (req, sent, uploadMs) => {
      const fields = normalizeFields(sent, names, 'refused');
      const values = validate(fields, schema, [...questionFaults(fields), ...transcriptFaults(fields)]);
      return {
        ...toRequest(req, values, fields, uploadMs, chooseForm(req, values)),
        ...(values.transcript === true && { transcript: true }),
      };
    },
    respond: (req, res, { form, output }) => {
      const withAudio = output === 'audio';
      if (form === 'events') return respondWithEvents(req, res, withAudio, timing);
      if (form === 'wav')
        return {
          send: (result) => {
            sendWav(res, result);
          },
        };
      return {
        send: (result) => {
          sendTranslationJson(req, res, result, withAudio);
        },
      };
    },
    error: writeProblem,
  };
}

type TranslateFields = ReturnType<typeof translateSchema>['_output'];

/** Exactly one of the two. */
export function questionFaults({ values, sentAs }: Fields): FieldFault[] {
  const hasFile = values.file !== undefined;
  const hasText = values.text !== undefined;
  if (hasFile !== hasText) return [];
  if (hasFile) {
    return ['file', 'text'].map((field) => ({
      pointer: pointerTo(sentAs.get(field) ?? field),
      detail: 'Send a recording or a text, not both.',
    }));
  }
  const detail =
    'Nothing to translate: send `text`, or a recording as the file part `file` of multipart/form-data.';
  return [{ pointer: '/text', detail }];
}

/** The words of a text are the text. */
function transcriptFaults({ values: { transcript, text } }: Fields): FieldFault[] {
  if (text === undefined || (transcript !== true && transcript !== 'true')) return [];
  const detail = '`transcript` is for recordings; the words of a text are known. Leave it out.';
  return [{ pointer: '/transcript', detail }];
}

/** `stream` takes precedence over Accept; a recording as the answer implies output `audio`. */
function chooseForm(
  req: IncomingMessage,
  { stream, output }: TranslateFields,
): { form: ResponseForm; output: TranslateRequest['output'] } {
  const accepted = negotiateForm(req);
  if (stream === true || accepted === 'events') return { form: 'events', output: output ?? 'text' };
  if (accepted === 'json') return { form: 'json', output: output ?? 'text' };
  if (output === 'text') {
    const detail = '`output` is `text`, but Accept asks for audio/wav; leave one of them out.';
    throw invalidRequest([{ pointer: '/output', detail }]);
  }
  return { form: 'wav', output: 'audio' };
}

/** @param values of a body with exactly one question. */
export function toRequest(
  { context }: IncomingMessage,
  values: Omit<TranslateFields, 'output' | 'stream' | 'transcript'>,
  { sentAs }: Fields,
  uploadMs: number,
  { form, output }: { form: ResponseForm; output: TranslateRequest['output'] },
): FrontRequest {
  const recording = values.file?.content;
  return {
    owner: context.owner,
    requestId: context.id,
    ...(values.connectId !== undefined && { connectId: values.connectId }),
    profile: pickProfile(values),
    ...(values.context !== undefined && { context: values.context }),
    question:
      recording === undefined
        ? { kind: 'text', text: values.text ?? '' }
        : { kind: 'recording', recording, uploadMs },
    output,
    form,
    voicePointer: pointerTo(sentAs.get('voice') ?? 'voice'),
    report: (report) => {
      context.report = report;
    },
  };
}
