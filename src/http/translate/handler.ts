/** The translation itself, as the contract has it and as the original project's client asks for it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { audioPoints, textPoints } from '../../quota/points.js';
import type { Asker, TranslateRequest, TranslationResult } from '../../translate/translate.js';
import { negotiateForm, sendTranslationJson, sendOriginal, sendWav, type ResponseForm } from './responses.js';
import type { BodyReader } from '../body/read-body.js';
import { onDisconnect } from '../middleware/request-context.js';
import type { HttpPorts, HttpTiming } from '../ports.js';
import { streamTranslation } from './sse.js';
import { invalidRequest, pointerTo } from '../problem.js';
import { createInputReader, type TranslateInput } from './input.js';
import type { ConcurrencyLimit } from '../middleware/concurrency-limit.js';
import type { Middleware } from '../middleware/compose.js';
import type { RateLimit } from '../middleware/rate-limit.js';
import { checkVoice } from '../voices.js';

export interface TranslateRoutes {
  /** POST /api/realtime/translate */
  readonly translate: Middleware;
  /** POST /api/RealTime/AudioTranslate */
  readonly original: Middleware;
}

export function createTranslateRoutes(
  ports: HttpPorts,
  readBody: BodyReader,
  rateLimit: RateLimit,
  concurrencyLimit: ConcurrencyLimit,
  timing: HttpTiming,
): TranslateRoutes {
  const questions = createInputReader(ports.config.translation.maxTextChars);

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
      const input = read(body.fields);
      const form = choose(req, input);
      if (input.voice !== undefined) await checkVoice(input.voice, pointerTo(input.nameOf('voice')), ports);
      if (input.question.kind === 'text') await rateLimit.consume(req, res, textPoints(input.question.chars));
      const request = toRequest(req, input, form, uploadMs);
      const translate = (tell: Asker['tell']): Promise<TranslationResult> =>
        ports.translate(request, {
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
      if (inputAudioMs !== undefined) await rateLimit.charge(req, res, audioPoints(inputAudioMs));
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
      concurrencyLimit.run(rateLimit.clientKey(req), () => handle(req, res, read, choose));

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

type ChooseResponse = (req: IncomingMessage, input: TranslateInput) => ResponseChoice;

/** `stream` goes before Accept; the recording as the answer implies that there is one. */
const chooseResponse: ChooseResponse = (req, input) => {
  const accepted = negotiateForm(req);
  if (input.stream || accepted === 'events') return { form: 'events', output: input.output ?? 'text' };
  if (accepted === 'json') return { form: 'json', output: input.output ?? 'text' };
  if (input.output === 'text') {
    const detail = '`output` is `text`, but Accept asks for audio/wav; leave one of them out.';
    throw invalidRequest([{ pointer: '/output', detail }]);
  }
  return { form: 'wav', output: 'audio' };
};

function toRequest(
  req: IncomingMessage,
  input: TranslateInput,
  { form, output }: ResponseChoice,
  uploadMs: number,
): TranslateRequest {
  const { question } = input;
  return {
    owner: req.context.owner,
    requestId: req.context.id,
    ...(input.connectId !== undefined && { connectId: input.connectId }),
    profile: input.profile,
    ...(input.context !== undefined && { context: input.context }),
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
