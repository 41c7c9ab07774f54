/** The translation itself, as the contract has it and as the original project's client asks for it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { audioPoints, textPoints } from '../points.js';
import type { Asker, TranslateRequest, TranslationResult } from '../translate.js';
import { acceptedForm, answerJson, answerOriginal, answerWav, type AnswerForm } from './answers.js';
import type { BodyReader } from './body.js';
import { onClientGone } from './call.js';
import type { HttpDeps, HttpTiming } from './deps.js';
import { answerEvents } from './event-stream.js';
import { invalidRequest, pointerTo } from './problem.js';
import { createQuestionReader, type Asked } from './question.js';
import type { Slots } from './slots.js';
import type { Step } from './steps.js';
import type { Toll } from './toll.js';
import { checkVoice } from './voices.js';

export interface TranslateRoutes {
  /** POST /api/realtime/translate */
  readonly translate: Step;
  /** POST /api/RealTime/AudioTranslate */
  readonly original: Step;
}

export function createTranslateRoutes(
  deps: HttpDeps,
  readBody: BodyReader,
  toll: Toll,
  slots: Slots,
  timing: HttpTiming,
): TranslateRoutes {
  const questions = createQuestionReader(deps.config.translation.maxTextChars);

  /** Reads the question, has it answered, and deletes what was uploaded, however that went. */
  async function handle(
    req: IncomingMessage,
    res: ServerResponse,
    read: typeof questions.strict,
    choose: ChooseForm,
  ): Promise<void> {
    const body = await readBody(req, res);
    const uploadMs = performance.now() - req.call.startedAt;
    try {
      const asked = read(body.fields);
      const form = choose(req, asked);
      if (asked.voice !== undefined) await checkVoice(asked.voice, pointerTo(asked.nameOf('voice')), deps);
      if (asked.question.kind === 'text') await toll.take(req, res, textPoints(asked.question.chars));
      const request = toRequest(req, asked, form, uploadMs);
      const translate = (tell: Asker['tell']): Promise<TranslationResult> =>
        deps.translate(request, {
          tell: discardOnceStarted(tell, body.discard),
          onGone: (told) => {
            onClientGone(req, res, told);
          },
        });
      const result =
        form.form === 'events'
          ? await answerEvents(req, res, translate, form.output === 'audio', timing)
          : await translate(undefined);
      const { inputAudioMs } = result.usage;
      if (inputAudioMs !== undefined) await toll.charge(req, res, audioPoints(inputAudioMs));
      if (form.form === 'json') answerJson(req, res, result, form.output === 'audio');
      else if (form.form === 'wav') answerWav(res, result);
      else if (form.form === 'original') answerOriginal(res, result);
    } finally {
      await body.discard?.();
    }
  }

  /** A slot is taken before anything of the body is read: what runs at a time is what may lie in memory and on disk. */
  const inSlot =
    (read: typeof questions.strict, choose: ChooseForm): Step =>
    (req, res) =>
      slots.hold(toll.clientOf(req), () => handle(req, res, read, choose));

  return {
    translate: inSlot(questions.strict, chooseForm),
    original: inSlot(questions.original, () => ({ form: 'original', output: 'text' })),
  };
}

/** A response that has started has its whole question: nobody will read the recording again. */
function discardOnceStarted(tell: Asker['tell'], discard: (() => Promise<void>) | undefined): Asker['tell'] {
  if (discard === undefined) return tell;
  return async (event) => {
    if (event.type === 'started') await discard();
    await tell?.(event);
  };
}

interface ChosenForm {
  readonly form: AnswerForm | 'original';
  readonly output: 'text' | 'audio';
}

type ChooseForm = (req: IncomingMessage, asked: Asked) => ChosenForm;

/** `stream` goes before Accept; the recording as the answer implies that there is one. */
const chooseForm: ChooseForm = (req, asked) => {
  const accepted = acceptedForm(req);
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
  asked: Asked,
  { form, output }: ChosenForm,
  uploadMs: number,
): TranslateRequest {
  const { question } = asked;
  return {
    owner: req.call.owner,
    requestId: req.call.id,
    ...(asked.connectId !== undefined && { connectId: asked.connectId }),
    wish: asked.wish,
    ...(asked.context !== undefined && { context: asked.context }),
    output,
    asItComes: form === 'events',
    question:
      question.kind === 'text'
        ? { kind: 'text', text: question.text }
        : { kind: 'recording', recording: question.recording, uploadMs },
    report: (report) => {
      req.call.report = report;
    },
  };
}
