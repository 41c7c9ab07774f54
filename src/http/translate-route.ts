/** The translation itself, as the contract has it and as the original project's client asks for it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { audioPoints, textPoints } from '../points.js';
import type { Asker, TranslateRequest, TranslationResult } from '../translate.js';
import { negotiateForm, sendTranslationJson, sendOriginal, sendWav, type ResponseForm } from './answers.js';
import type { BodyReader } from './body.js';
import { onDisconnect } from './call.js';
import type { HttpPorts, HttpTiming } from './deps.js';
import { streamTranslation } from './event-stream.js';
import { invalidRequest, pointerTo } from './problem.js';
import { createInputReader, type TranslateInput } from './question.js';
import type { ConcurrencyLimit } from './slots.js';
import type { Middleware } from './steps.js';
import type { RateLimit } from './toll.js';
import { checkVoice } from './voices.js';

export interface TranslateRoutes {
  /** POST /api/realtime/translate */
  readonly translate: Middleware;
  /** POST /api/RealTime/AudioTranslate */
  readonly original: Middleware;
}

export function createTranslateRoutes(
  deps: HttpPorts,
  readBody: BodyReader,
  toll: RateLimit,
  slots: ConcurrencyLimit,
  timing: HttpTiming,
): TranslateRoutes {
  const questions = createInputReader(deps.config.translation.maxTextChars);

  /** Reads the question, has it answered, and deletes what was uploaded, however that went. */
  async function handle(
    req: IncomingMessage,
    res: ServerResponse,
    read: typeof questions.strict,
    choose: ChooseResponse,
  ): Promise<void> {
    const body = await readBody(req, res);
    const uploadMs = performance.now() - req.context.startedAt;
    try {
      const asked = read(body.fields);
      const form = choose(req, asked);
      if (asked.voice !== undefined) await checkVoice(asked.voice, pointerTo(asked.nameOf('voice')), deps);
      if (asked.question.kind === 'text') await toll.consume(req, res, textPoints(asked.question.chars));
      const request = toRequest(req, asked, form, uploadMs);
      const translate = (tell: Asker['tell']): Promise<TranslationResult> =>
        deps.translate(request, {
          tell: discardOnStart(tell, body.discard),
          onGone: (told) => {
            onDisconnect(req, res, told);
          },
        });
      const result =
        form.form === 'events'
          ? await streamTranslation(req, res, translate, form.output === 'audio', timing)
          : await translate(undefined);
      const { inputAudioMs } = result.usage;
      if (inputAudioMs !== undefined) await toll.charge(req, res, audioPoints(inputAudioMs));
      if (form.form === 'json') sendTranslationJson(req, res, result, form.output === 'audio');
      else if (form.form === 'wav') sendWav(res, result);
      else if (form.form === 'original') sendOriginal(res, result);
    } finally {
      await body.discard?.();
    }
  }

  /** A slot is taken before anything of the body is read: what runs at a time is what may lie in memory and on disk. */
  const inSlot =
    (read: typeof questions.strict, choose: ChooseResponse): Middleware =>
    (req, res) =>
      slots.run(toll.clientKey(req), () => handle(req, res, read, choose));

  return {
    translate: inSlot(questions.strict, chooseResponse),
    original: inSlot(questions.original, () => ({ form: 'original', output: 'text' })),
  };
}

/** A response that has started has its whole question: nobody will read the recording again. */
function discardOnStart(tell: Asker['tell'], discard: (() => Promise<void>) | undefined): Asker['tell'] {
  if (discard === undefined) return tell;
  return async (event) => {
    if (event.type === 'started') await discard();
    await tell?.(event);
  };
}

interface ResponseChoice {
  readonly form: ResponseForm | 'original';
  readonly output: 'text' | 'audio';
}

type ChooseResponse = (req: IncomingMessage, asked: TranslateInput) => ResponseChoice;

/** `stream` goes before Accept; the recording as the answer implies that there is one. */
const chooseResponse: ChooseResponse = (req, asked) => {
  const accepted = negotiateForm(req);
  if (asked.stream || accepted === 'events') return { form: 'events', output: asked.output ?? 'text' };
  if (accepted === 'json') return { form: 'json', output: asked.output ?? 'text' };
  if (asked.output === 'text') {
    const detail = '`output` is `text`, but Accept asks for audio/wav; leave one of them out.';
    throw invalidRequest([{ pointer: '/output', detail }]);
  }
  return { form: 'wav', output: 'audio' };
};

function toRequest(
  req: IncomingMessage,
  asked: TranslateInput,
  { form, output }: ResponseChoice,
  uploadMs: number,
): TranslateRequest {
  const { question } = asked;
  return {
    owner: req.context.owner,
    requestId: req.context.id,
    ...(asked.connectId !== undefined && { connectId: asked.connectId }),
    wish: asked.profile,
    ...(asked.context !== undefined && { context: asked.context }),
    output,
    asItComes: form === 'events',
    question:
      question.kind === 'text'
        ? { kind: 'text', text: question.text }
        : { kind: 'recording', recording: question.recording, uploadMs },
    report: (report) => {
      req.context.report = report;
    },
  };
}
