/** The bodies and queries that are accepted, as zod schemas. Messages are predicates: the field's name, as it was sent, precedes them. */
import { z } from 'zod';
import { AUDIO_FORMATS } from '../audio/containers/formats.js';
import { hasAtMostChars } from '../quota/characters.js';
import { canonicalTag } from '../session/languages.js';
import { RESULT_FORMATS } from '../jobs/job.js';
import { MAX_PROMPT_CHARS, type ProfileField } from '../session/profile.js';
import { aliasesOf, TOO_LARGE, UploadedFile, WITHOUT_FILE_NAME } from './body/fields.js';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, MAX_SESSION_TTL_MS, MIN_SESSION_TTL_MS } from './limits.js';

/** Nobody says more in the 28 s that a segment may last. */
const MAX_CORRECTION_CHARS = 4_000;

const text = z.string({ error: 'must be text.' });

function tagMessage(input: unknown, others: string): string {
  const shown = typeof input === 'string' ? `, not \`${input.slice(0, 40)}\`` : '';
  return `must be a BCP 47 language tag such as \`en\`, \`es\` or \`pt-BR\`${others}${shown}.`;
}

/** In canonical form; `auto`, if allowed, becomes undefined, which is what it means. */
function tag(allowsAuto: boolean) {
  const others = allowsAuto ? ', or `auto`' : '';
  return text.transform((value, context) => {
    if (allowsAuto && value.toLowerCase() === 'auto') return undefined;
    const canonical = canonicalTag(value);
    if (canonical !== undefined) return canonical;
    context.addIssue({ code: 'custom', message: tagMessage(value, others) });
    return z.NEVER;
  });
}

/** The most targets of one recording. */
const MAX_TARGETS = 8;

/** One tag or several: a list in JSON, or text with commas. In canonical form, each once. */
const targets = z
  .union([z.string(), z.array(z.string())], { error: 'must be text, or a list of texts.' })
  .transform((value, context) => {
    const sent = typeof value === 'string' ? value.split(',') : value;
    const tags = new Set<string>();
    for (const each of sent) {
      const canonical = canonicalTag(each.trim());
      if (canonical === undefined) {
        context.addIssue({ code: 'custom', message: tagMessage(each.trim(), '') });
        return z.NEVER;
      }
      tags.add(canonical);
    }
    if (tags.size > MAX_TARGETS) {
      context.addIssue({ code: 'custom', message: `has more than ${MAX_TARGETS} languages.` });
      return z.NEVER;
    }
    return [...tags];
  })
  .optional()
  .meta({
    description:
      'The language of the answer: a BCP 47 tag. Of a recording up to 8: `es,fr`, a list, or the field several times.',
    aliases: ['target_lang'],
  });

/** The fields of a session's profile; bodies that make no session may send them by their aliases too. */
const profile = {
  prompt: text
    .refine((value) => hasAtMostChars(value, MAX_PROMPT_CHARS), {
      error: `is longer than ${MAX_PROMPT_CHARS} characters.`,
    })
    .optional()
    .meta({
      description: 'The only instruction; absent: made from `source` and `target`, or the default.',
      maxLength: MAX_PROMPT_CHARS,
    }),
  source: tag(true)
    .optional()
    .meta({
      description: 'The language of the question: a BCP 47 tag, or `auto`.',
      aliases: ['source_lang', 'language'],
    }),
  target: tag(false)
    .optional()
    .meta({ description: 'The language of the answer: a BCP 47 tag.', aliases: ['target_lang'] }),
  voice: text
    .max(64, { error: 'is not a valid voice name: it is longer than 64 characters.' })
    .optional()
    .meta({ description: 'A voice of the provider, see `GET /api/capabilities`.' }),
} satisfies Record<ProfileField, z.ZodType>;

/** A language in a response. */
export const shownTag = z
  .string()
  .nullable()
  .meta({ description: 'A BCP 47 tag; null where none was given or is known.' });

/** The fields of a profile, as responses show them. */
export const profileView = {
  source: shownTag,
  target: shownTag,
  voice: z.string().nullable(),
  prompt: z.string().meta({ description: 'As sent upstream, given or made from the languages.' }),
} satisfies Record<ProfileField, z.ZodType>;

const file = z
  .instanceof(UploadedFile, { error: 'must be a file part of multipart/form-data, with a file name.' })
  .refine(({ content }) => content !== undefined, { error: WITHOUT_FILE_NAME })
  .optional()
  .meta({
    description: `One recording, with a file name: ${AUDIO_FORMATS.join(', ')}. Its format is recognized by its content, not by its name.`,
    aliases: ['files', 'audio'],
    type: 'string',
    format: 'binary',
  });

/** The names of file parts that are stored. */
export const RECORDING_NAMES: ReadonlySet<string> = new Set(['file', ...aliasesOf(file)]);

/** As JSON has it, or as a form writes it. */
function flag() {
  return z
    .union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')], {
      error: 'must be `true` or `false`.',
    })
    .optional();
}

/** @param maxTextChars the most code points that `text` may have. */
export function translateSchema(maxTextChars: number) {
  return z.strictObject({
    file,
    text: text
      .refine((value) => hasAtMostChars(value, maxTextChars), {
        error: `is longer than ${maxTextChars} characters, the most that is translated at once. Send it in parts.`,
        params: TOO_LARGE,
      })
      .optional()
      .meta({
        description: 'Text to translate. Characters are Unicode code points.',
        maxLength: maxTextChars,
        aliases: ['question', 'q'],
      }),
    connectId: text.optional().meta({
      description: 'Use this session; absent: one is made and its id returned.',
      aliases: ['connectID'],
    }),
    ...profile,
    target: targets,
    context: text.optional().meta({ description: 'Text that helps but is not translated.' }),
    output: z
      .enum(['text', 'audio'], { error: 'must be `text` or `audio`.' })
      .optional()
      .meta({ description: '`text` (the default), or `audio`: text and a spoken reply.' }),
    transcript: flag().meta({
      description: 'The words of the recording too, in `transcript` of the answer. Not with `text`.',
    }),
    format: z
      .enum(['json', 'text', 'srt', 'vtt', 'verbose_json'], {
        error: 'must be `json`, `text`, `srt`, `vtt` or `verbose_json`.',
      })
      .optional()
      .meta({
        description:
          'The form of the answer, before `Accept`: `json` (the default), `text`, and of a recording `srt`, `vtt`, or ' +
          '`verbose_json` with its segments.',
      }),
    subtitles: z
      .enum(['target', 'source', 'both'], { error: 'must be `target`, `source` or `both`.' })
      .optional()
      .meta({
        description:
          'What subtitles show: `target` (the default), `source`, or `both`, the source above. The last two imply `transcript`.',
      }),
    stream: flag().meta({
      description: 'Answers by server-sent events, as `Accept: text/event-stream` does.',
    }),
  });
}

/** What a job is made of. */
export const jobSchema = translateSchema(0).omit({ text: true, output: true, stream: true });

/** For the original project's client, which reads one form of answer only and may send unknown fields. */
export function originalSchema(maxTextChars: number) {
  const { target } = profile;
  return z.object({
    ...translateSchema(maxTextChars).omit({
      ...{ output: true, stream: true, transcript: true, format: true, subtitles: true },
    }).shape,
    target,
  });
}

/** The query of a written conversation. */
export const textConversationSchema = z.strictObject({
  ...profile,
  dialect: z
    .enum(['ga', 'preview'], { error: 'must be `ga` or `preview`.' })
    .optional()
    .meta({ description: "The client's vocabulary: `ga` (the default), or the names of 2024." }),
  ticket: text
    .optional()
    .meta({ description: 'From `POST /api/realtime/tickets`: what a browser sends instead of a key.' }),
});

/** The query of a spoken conversation. */
export const voiceConversationSchema = textConversationSchema.extend({
  interrupt: z
    .enum(['true', 'false'], { error: 'must be `true` or `false`.' })
    .transform((value) => value === 'true')
    .optional()
    .meta({
      description:
        'Whether speech interrupts the answer that runs; with `false` it waits its turn, and each is answered to its end. ' +
        'By default `false` with `target`, `true` without.',
    }),
});

const ttlRange = `must be a whole number of milliseconds from ${MIN_SESSION_TTL_MS} to ${MAX_SESSION_TTL_MS}.`;
const ttlMs = z
  .int({ error: ttlRange })
  .min(MIN_SESSION_TTL_MS, { error: ttlRange })
  .max(MAX_SESSION_TTL_MS, { error: ttlRange });

/** @param typed whether numbers arrive as numbers (JSON) or as text (forms). */
export function sessionSchema(typed: boolean) {
  return z.strictObject({
    ...profile,
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

/** The query of a result of a job. */
export const resultQuerySchema = z.strictObject({
  format: z
    .enum(RESULT_FORMATS, { error: `must be one of ${RESULT_FORMATS.join(', ')}.` })
    .optional()
    .meta({ description: 'By default the one that the job was made with.' }),
  target: tag(false).optional().meta({ description: 'One of the targets of the job; by default the first.' }),
  subtitles: z
    .enum(['target', 'source', 'both'], { error: 'must be `target`, `source` or `both`.' })
    .optional()
    .meta({ description: 'Whose words are shown; by default as the job was made.' }),
  partial: flag().meta({ description: '`true`: what there is of a job that has not ended.' }),
});

/** The query of the sound of a job. */
export const soundQuerySchema = z.strictObject({
  untilMs: text
    .regex(/^\d{1,9}$/, { error: 'must be a whole number of milliseconds.' })
    .transform(Number)
    .optional()
    .meta({
      description:
        'How much of it; by default all that is decoded. With it, the ranges that a player asks for belong to one file.',
      type: 'integer',
      minimum: 0,
    }),
  ticket: text.optional().meta({
    description: 'From the waveform: what a player, which sends no header, sends instead of a key.',
  }),
});

/** A correction of a segment by hand. */
export const correctionBodySchema = z.strictObject({
  text: text
    .refine((value) => hasAtMostChars(value, MAX_CORRECTION_CHARS), {
      error: `is longer than ${MAX_CORRECTION_CHARS} characters.`,
    })
    .meta({
      description: 'Stands in every later result; an empty text leaves no cue.',
      maxLength: MAX_CORRECTION_CHARS,
    }),
  target: tag(false)
    .optional()
    .meta({ description: 'Which translation is corrected; by default that of the first target.' }),
});

/** The query of a list. */
export const pageSchema = z.strictObject({
  limit: text
    .refine((value) => /^\d{1,3}$/.test(value) && Number(value) >= 1 && Number(value) <= MAX_PAGE_SIZE, {
      error: `must be a whole number from 1 to ${MAX_PAGE_SIZE}.`,
    })
    .transform(Number)
    .optional()
    .meta({
      description: `The most sessions to return; ${DEFAULT_PAGE_SIZE} by default.`,
      type: 'integer',
      minimum: 1,
      maximum: MAX_PAGE_SIZE,
    }),
  cursor: text
    .max(256, { error: 'must be the `nextCursor` of the previous page.' })
    .optional()
    .meta({ description: 'The `nextCursor` of the previous page.' }),
});
