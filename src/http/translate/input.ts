/** A body of a translation, judged: which question, in which session, answered how. */
import type { Recording } from '../../audio/recording.js';
import { countChars } from '../../quota/characters.js';
import type { FieldFault } from '../../errors.js';
import type { ProfileInput } from '../../session/profile.js';
import { normalizeFields, fieldNames, type Fields, type FieldNames, type BodyField } from '../body/fields.js';
import { pointerTo } from '../problem.js';
import { validate, toProfileInput } from '../body/validate.js';
import { translateSchema, type TranslateFields } from '../schemas.js';

export interface TranslateInput {
  readonly question:
    { kind: 'text'; text: string; chars: number } | { kind: 'recording'; recording: Recording };
  readonly connectId: string | undefined;
  readonly profile: ProfileInput;
  readonly context: string | undefined;
  readonly voice: string | undefined;
  /** Undefined where the body does not say. */
  readonly output: 'text' | 'audio' | undefined;
  readonly stream: boolean;
  /** The name that a field was sent by, for faults found later. */
  nameOf(field: string): string;
}

const RECORDING = ['file', 'files', 'audio'] as const;

/** Fields of a translation, with every name that they may be sent by. */
export const TRANSLATION_NAMES = fieldNames({
  [RECORDING[0]]: RECORDING.slice(1),
  text: ['question', 'q'],
  connectId: ['connectID'],
  prompt: [],
  source: ['source_lang', 'language'],
  target: ['target_lang'],
  context: [],
  output: [],
  voice: [],
  stream: [],
});

/** The original client reads one shape of answer only. */
export const ORIGINAL_NAMES: FieldNames = new Map(
  [...TRANSLATION_NAMES].filter(([, field]) => !['output', 'stream'].includes(field)),
);

/** Names under which a file part is kept. */
export const RECORDING_NAMES: ReadonlySet<string> = new Set(RECORDING);

export interface TranslateInputReader {
  /** As the contract has it: unknown fields are refused. */
  readonly strict: (fields: readonly BodyField[]) => TranslateInput;
  /**
   * As the original project's client sends it: unknown fields are ignored, text wins over a recording, and a prompt
   * beside a session is ignored.
   */
  readonly original: (fields: readonly BodyField[]) => TranslateInput;
}

export function createInputReader(maxTextChars: number): TranslateInputReader {
  const schema = translateSchema(maxTextChars);

  return {
    strict: (sent) => {
      const gathered = normalizeFields(sent, TRANSLATION_NAMES, 'refused');
      return toInput(validate(gathered, schema, [...requireOneQuestion(gathered)]), gathered);
    },
    original: (sent) => {
      const all = normalizeFields(sent, ORIGINAL_NAMES, 'ignored');
      const ignored = [
        ...(all.values.text === undefined ? [] : ['file']),
        ...(all.values.connectId === undefined ? [] : ['prompt']),
      ];
      const kept = Object.entries(all.values).filter(([field]) => !ignored.includes(field));
      const gathered = { ...all, values: Object.fromEntries(kept) };
      return toInput(validate(gathered, schema, [...requireOneQuestion(gathered)]), gathered);
    },
  };
}

function* requireOneQuestion({ values, sentAs }: Fields): Generator<FieldFault> {
  if (values.file !== undefined && values.text !== undefined) {
    for (const name of [sentAs.get('file') ?? 'file', sentAs.get('text') ?? 'text']) {
      yield { pointer: pointerTo(name), detail: 'Send a recording or a text, not both.' };
    }
  }
  if (values.file === undefined && values.text === undefined) {
    const detail =
      'Nothing to translate: send `text`, or a recording as the file part `file` of multipart/form-data.';
    yield { pointer: '/text', detail };
  }
}

function toInput(fields: TranslateFields, { sentAs }: Fields): TranslateInput {
  const recording = fields.file?.content;
  const text = fields.text ?? '';
  return {
    question:
      recording === undefined
        ? { kind: 'text', text, chars: countChars(text) }
        : { kind: 'recording', recording },
    connectId: fields.connectId,
    profile: toProfileInput(fields),
    context: fields.context,
    voice: fields.voice,
    output: fields.output,
    stream: fields.stream ?? false,
    nameOf: (field) => sentAs.get(field) ?? field,
  };
}
