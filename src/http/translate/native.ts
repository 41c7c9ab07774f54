/** The service's own front: unknown fields are refused, and the client chooses the form of the answer. */
import type { IncomingMessage } from 'node:http';
import { fieldNames, normalizeFields, validate, type Fields } from '../body/fields.js';
import type { FieldFault, GatewayError } from '../../errors.js';
import { invalidRequest, pointerTo, writeProblem } from '../problem.js';
import { translateSchema } from '../schemas.js';
import { pickProfile } from '../../session/profile.js';
import type { TranslateRequest } from '../../translate/request.js';
import type { EventStreamTiming } from './sse.js';
import type { Front, FrontRequest, ResponseForm } from './front.js';
import { formFaults, oneTargetFault, textFaults } from './recording-faults.js';
import { negotiateForm, sendText, sendTranslationJson, sendWav } from './responses.js';
import { respondWithEvents } from './sse.js';

/** Sent several times, they are a list. */
const REPEATABLE: ReadonlySet<string> = new Set(['target']);

export function nativeFront(maxTextChars: number, timing: EventStreamTiming): Front {
  const schema = translateSchema(maxTextChars);
  const names = fieldNames(schema);
  return {
    path: '/api/realtime/translate',
    parse: (req, sent, uploadMs, isJob) => {
      const fields = normalizeFields(sent, names, 'refused', { repeatable: REPEATABLE });
      const faults = [...questionFaults(fields), ...textFaults(fields), ...formFaults(fields, isJob)];
      const values = validate(fields, schema, faults);
      const { target: targets, format, subtitles = 'target' } = values;
      const { form, output } = chooseForm(req, values);
      const isVerbose = format === 'verbose_json';
      const isText = form === 'text' || form === 'srt' || form === 'vtt';
      const hasSeveral = targets !== undefined && targets.length > 1;
      if (hasSeveral && !isJob && (form === 'srt' || form === 'vtt'))
        throw invalidRequest([oneTargetFault(fields)]);
      const hasTranscript = values.transcript === true || subtitles !== 'target';
      return toRequest(req, values, targets?.[0], fields, uploadMs, {
        form,
        output,
        transcript: hasTranscript ? true : undefined,
        targets: hasSeveral ? targets : undefined,
        inSegments: isVerbose || isText || hasSeveral || hasTranscript ? true : undefined,
        isVerbose,
        subtitles,
      });
    },
    respond: (req, res, request) => {
      const { form } = request;
      switch (form) {
        case 'events':
          return respondWithEvents(req, res, request, timing);
        case 'wav':
          return {
            send: (result) => {
              sendWav(res, result);
            },
          };
        case 'json':
          return {
            send: (result) => sendTranslationJson(req, res, result, request),
          };
        default:
          return {
            send: (result) => sendText(res, result, form, request),
          };
      }
    },
    takesJobs: true,
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

/** `stream` and `format` take precedence over Accept; a recording as the answer implies output `audio`. */
function chooseForm(
  req: IncomingMessage,
  { stream, format, text, output }: TranslateFields,
): { form: ResponseForm; output: TranslateRequest['output'] } {
  const chosen = output ?? 'text';
  if (stream === true) return { form: 'events', output: chosen };
  if (format !== undefined) return { form: format === 'verbose_json' ? 'json' : format, output: chosen };
  const form = negotiateForm(req, text === undefined);
  switch (form) {
    case undefined: {
      const detail = 'Accept allows subtitles only, and a text has none; accept JSON, or send a recording.';
      throw invalidRequest([{ pointer: '/text', detail }]);
    }
    case 'wav':
      if (output !== 'text') return { form, output: 'audio' };
      throw conflictsWithAccept('`output` is `text`, but Accept asks for audio/wav');
    case 'text':
    case 'srt':
    case 'vtt':
      if (output !== 'audio') return { form, output: chosen };
      throw conflictsWithAccept('`output` is `audio`, but Accept asks for text');
    default:
      return { form, output: chosen };
  }
}

function conflictsWithAccept(sentence: string): GatewayError {
  return invalidRequest([{ pointer: '/output', detail: `${sentence}; leave one of them out.` }]);
}

/** The fields that every front has. */
type QuestionFields = Pick<
  TranslateFields,
  'file' | 'text' | 'connectId' | 'context' | 'prompt' | 'source' | 'voice'
>;

/** What the native front alone lets a client choose. */
type ChosenFields = Pick<
  FrontRequest,
  'form' | 'output' | 'transcript' | 'targets' | 'inSegments' | 'isVerbose' | 'subtitles'
>;

const NOTHING_CHOSEN: ChosenFields = { form: 'json', output: 'text', isVerbose: false, subtitles: 'target' };

/**
 * Field by field, because spreads took 3 µs of a request.
 *
 * @param values of a body with exactly one question.
 */
export function toRequest(
  { context }: IncomingMessage,
  values: QuestionFields,
  target: string | undefined,
  { sentAs }: Fields,
  uploadMs: number,
  chosen = NOTHING_CHOSEN,
): FrontRequest {
  const { prompt, source, voice } = values;
  const recording = values.file?.content;
  return {
    owner: context.owner,
    requestId: context.id,
    connectId: values.connectId,
    profile: pickProfile({ prompt, source, target, voice }),
    context: values.context,
    question:
      recording === undefined
        ? { kind: 'text', text: values.text ?? '' }
        : { kind: 'recording', recording, uploadMs },
    output: chosen.output,
    transcript: chosen.transcript,
    targets: chosen.targets,
    inSegments: chosen.inSegments,
    form: chosen.form,
    isVerbose: chosen.isVerbose,
    subtitles: chosen.subtitles,
    voicePointer: pointerTo(sentAs.get('voice') ?? 'voice'),
    report: (report) => {
      context.report = report;
    },
  };
}
