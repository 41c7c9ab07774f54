/** A body of a translation, judged: which question, in which session, answered how. */
import type { Recording } from '../audio/recording.js';
import { countChars } from '../characters.js';
import type { FieldFault } from '../errors.js';
import type { ProfileWish } from '../session/profile.js';
import { gather, nameFields, type Gathered, type Names, type SentField } from './fields.js';
import { pointerTo } from './problem.js';
import { checkFields, wishOf } from './read-fields.js';
import { translateSchema, type TranslateFields } from './schemas.js';

export interface Asked {
  readonly question:
    { kind: 'text'; text: string; chars: number } | { kind: 'recording'; recording: Recording };
  readonly connectId: string | undefined;
  readonly wish: ProfileWish;
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
export const TRANSLATION_NAMES = nameFields({
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
export const ORIGINAL_NAMES: Names = new Map(
  [...TRANSLATION_NAMES].filter(([, field]) => !['output', 'stream'].includes(field)),
);

/** Names under which a file part is kept. */
export const RECORDING_NAMES: ReadonlySet<string> = new Set(RECORDING);

export interface QuestionReader {
  /** As the contract has it: unknown fields are refused. */
  readonly strict: (fields: readonly SentField[]) => Asked;
  /**
   * As the original project's client sends it: unknown fields are ignored, text wins over a recording, and a prompt
   * beside a session is ignored.
   */
  readonly original: (fields: readonly SentField[]) => Asked;
}

export function createQuestionReader(maxTextChars: number): QuestionReader {
  const schema = translateSchema(maxTextChars);

  return {
    strict: (sent) => {
      const gathered = gather(sent, TRANSLATION_NAMES, 'refused');
      return toAsked(checkFields(gathered, schema, [...oneQuestion(gathered)]), gathered);
    },
    original: (sent) => {
      const all = gather(sent, ORIGINAL_NAMES, 'ignored');
      const ignored = [
        ...(all.values.text === undefined ? [] : ['file']),
        ...(all.values.connectId === undefined ? [] : ['prompt']),
      ];
      const kept = Object.entries(all.values).filter(([field]) => !ignored.includes(field));
      const gathered = { ...all, values: Object.fromEntries(kept) };
      return toAsked(checkFields(gathered, schema, [...oneQuestion(gathered)]), gathered);
    },
  };
}

function* oneQuestion({ values, sentAs }: Gathered): Generator<FieldFault> {
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

function toAsked(fields: TranslateFields, { sentAs }: Gathered): Asked {
  const recording = fields.file?.content;
  const text = fields.text ?? '';
  return {
    question:
      recording === undefined
        ? { kind: 'text', text, chars: countChars(text) }
        : { kind: 'recording', recording },
    connectId: fields.connectId,
    wish: wishOf(fields),
    context: fields.context,
    voice: fields.voice,
    output: fields.output,
    stream: fields.stream ?? false,
    nameOf: (field) => sentAs.get(field) ?? field,
  };
}
