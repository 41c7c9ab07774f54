/** The bodies that are taken, as zod schemas. Messages are predicates: the name of the field, as it was sent, goes before. */
import { z } from 'zod';
import { AUDIO_FORMATS } from '../audio/containers/formats.js';
import { countChars } from '../quota/characters.js';
import { canonicalTag } from '../session/languages.js';
import { UploadedFile, WITHOUT_FILE_NAME } from './body/fields.js';
import {
  DEFAULT_PAGE_SIZE,
  MAX_PAGE_SIZE,
  MAX_PROMPT_CHARS,
  MAX_SESSION_TTL_MS,
  MIN_SESSION_TTL_MS,
} from './limits.js';

const text = z.string({ error: 'must be text.' });

/** Whether the text has at most so many Unicode code points; of UTF-16 units it has at least as many. */
function fits(value: string, maxChars: number): boolean {
  if (value.length <= maxChars) return true;
  return value.length <= 2 * maxChars && countChars(value) <= maxChars;
}

function tagMessage(input: unknown, others: string): string {
  const shown = typeof input === 'string' ? `, not \`${input.slice(0, 40)}\`` : '';
  return `must be a BCP 47 language tag such as \`en\`, \`es\` or \`pt-BR\`${others}${shown}.`;
}

/** In canonical form; where `auto` may stand it is given as undefined, which is what it means. */
function tag(mayBeAuto: boolean) {
  const others = mayBeAuto ? ', or `auto`' : '';
  return text.transform((value, context) => {
    if (mayBeAuto && value.toLowerCase() === 'auto') return undefined;
    const canonical = canonicalTag(value);
    if (canonical !== undefined) return canonical;
    context.addIssue({ code: 'custom', message: tagMessage(value, others) });
    return z.NEVER;
  });
}

const profile = {
  prompt: text
    .refine((value) => fits(value, MAX_PROMPT_CHARS), {
      error: `is longer than ${MAX_PROMPT_CHARS} characters.`,
    })
    .meta({
      description: 'Instructs alone; absent: made from `source` and `target`, or the default.',
      maxLength: MAX_PROMPT_CHARS,
    }),
  source: tag(true).meta({ description: 'The language of the question: a BCP 47 tag, or `auto`.' }),
  target: tag(false).meta({ description: 'The language of the answer: a BCP 47 tag.' }),
  voice: text
    .max(64, { error: 'is no name of a voice: it is longer than 64 characters.' })
    .meta({ description: 'A voice of the provider, see `GET /api/capabilities`.' }),
};

/** Marks the faults that are 413 when nothing else is wrong. */
export const TOO_LARGE = { tooLarge: true };

/** @param maxTextChars the most code points that `text` may have. */
export function translateSchema(maxTextChars: number) {
  return z.strictObject({
    file: z
      .instanceof(UploadedFile, { error: 'must be a file part of multipart/form-data, with a file name.' })
      .refine((file) => file.content !== undefined, { error: WITHOUT_FILE_NAME })
      .optional()
      .meta({
        description: `One recording, with a file name: ${AUDIO_FORMATS.join(', ')}. Its content decides what it is, not its name.`,
        type: 'string',
        format: 'binary',
      }),
    text: text
      .refine((value) => fits(value, maxTextChars), {
        error: `is longer than ${maxTextChars} characters, the most that is translated at once. Send it in parts.`,
        params: TOO_LARGE,
      })
      .optional()
      .meta({
        description: 'Text to translate. Characters are Unicode code points.',
        maxLength: maxTextChars,
      }),
    connectId: text
      .optional()
      .meta({ description: 'Use this session; absent: one is made and its id returned.' }),
    prompt: profile.prompt.optional(),
    source: profile.source.optional(),
    target: profile.target.optional(),
    context: text.optional().meta({ description: 'Text that helps but is not translated.' }),
    output: z
      .enum(['text', 'audio'], { error: 'must be `text` or `audio`.' })
      .optional()
      .meta({ description: '`text` (what an absent one means), or `audio`: text and a spoken reply.' }),
    voice: profile.voice.optional(),
    stream: z
      .union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')], {
        error: 'must be `true` or `false`.',
      })
      .optional()
      .meta({ description: 'Answers by server-sent events, as `Accept: text/event-stream` does.' }),
  });
}

export type TranslateFields = z.output<ReturnType<typeof translateSchema>>;

/** The query of a conversation. */
export const conversationSchema = z.strictObject({
  prompt: profile.prompt.optional(),
  source: profile.source.optional(),
  target: profile.target.optional(),
  voice: profile.voice.optional(),
  dialect: z
    .enum(['ga', 'preview'], { error: 'must be `ga` or `preview`.' })
    .optional()
    .meta({ description: "The client's vocabulary: `ga` (what an absent one means), or the names of 2024." }),
  ticket: text
    .optional()
    .meta({ description: 'From `POST /api/realtime/tickets`: what a browser sends in the place of a key.' }),
});

const ttlRange = `must be a whole number of milliseconds from ${MIN_SESSION_TTL_MS} to ${MAX_SESSION_TTL_MS}.`;
const ttlMs = z
  .int({ error: ttlRange })
  .min(MIN_SESSION_TTL_MS, { error: ttlRange })
  .max(MAX_SESSION_TTL_MS, { error: ttlRange });

/** @param typed whether numbers arrive as numbers (JSON) or as text (forms). */
export function sessionSchema(typed: boolean) {
  return z.strictObject({
    prompt: profile.prompt.optional(),
    source: profile.source.optional(),
    target: profile.target.optional(),
    voice: profile.voice.optional(),
    ttlMs: (typed
      ? ttlMs
      : text
          .regex(/^\d{1,9}$/, { error: ttlRange })
          .transform(Number)
          .pipe(ttlMs)
    )
      .optional()
      .meta({
        description: `How long the session lives without a translation, in milliseconds from ${MIN_SESSION_TTL_MS} to ${MAX_SESSION_TTL_MS}.`,
      }),
  });
}

export type SessionFields = z.output<ReturnType<typeof sessionSchema>>;

/** The query of a list. */
export const pageSchema = z.strictObject({
  limit: text
    .refine((value) => /^\d{1,3}$/.test(value) && Number(value) >= 1 && Number(value) <= MAX_PAGE_SIZE, {
      error: `must be a whole number from 1 to ${MAX_PAGE_SIZE}.`,
    })
    .transform(Number)
    .optional()
    .meta({
      description: `How many at most; ${DEFAULT_PAGE_SIZE} where it is absent.`,
      type: 'integer',
      minimum: 1,
      maximum: MAX_PAGE_SIZE,
    }),
  cursor: text
    .max(256, { error: 'must be a `nextCursor` of the page before.' })
    .optional()
    .meta({ description: 'The `nextCursor` of the page before.' }),
});
