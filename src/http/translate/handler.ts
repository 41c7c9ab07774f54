/** From a request for a translation to its answer, whatever its front. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError } from '../../errors.js';
import { countChars } from '../../quota/characters.js';
import { textPoints } from '../../quota/points.js';
import type { RecordingResult } from '../../recordings/recording-request.js';
import { checkVoice } from '../body/fields.js';
import type { BodyReader } from '../body/read-body.js';
import { MAX_TEXT_BODY_BYTES } from '../limits.js';
import type { Middleware } from '../middleware/compose.js';
import type { ConcurrencyLimit } from '../../quota/concurrency-limit.js';
import type { RateLimit } from '../middleware/rate-limit.js';
import type { HttpPorts } from '../ports.js';
import type { Front, FrontResponse } from './front.js';
import type { JobHandlers } from '../endpoints/jobs.js';
import { prefersJob } from './job-order.js';
import { SoundMeter } from './sound-meter.js';

/** Where a client prefers a job. A text is answered all the same: it is done in a second. */
export interface JobAcceptance extends Pick<JobHandlers, 'accept'> {
  /** Stores recordings in the folder of jobs. */
  readonly readForm: BodyReader;
}

/** @returns what makes the handler of a front. */
export function createTranslateHandler(
  ports: HttpPorts,
  readBody: BodyReader,
  rateLimit: RateLimit,
  concurrencyLimit: ConcurrencyLimit,
  jobs: JobAcceptance,
): (front: Front) => Middleware {
  async function handle(front: Front, req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (front.takesJobs !== true || !prefersJob(req)) {
      await answer(front, req, res, readBody, false);
      return;
    }
    const place = await ports.jobs
      .reserve(req.context.owner)
      .catch((error: unknown) => unlessText(req, error));
    try {
      const noPlace = place instanceof GatewayError ? place : undefined;
      await answer(front, req, res, (from, to) => jobs.readForm(from, to, noPlace), true);
    } finally {
      if (!(place instanceof GatewayError)) place();
    }
  }

  async function answer(
    front: Front,
    req: IncomingMessage,
    res: ServerResponse,
    read: BodyReader,
    isJobPreferred: boolean,
  ): Promise<void> {
    const body = await read(req, res);
    let response: FrontResponse | undefined;
    const meter = new SoundMeter((points) => rateLimit.charge(req, res, points));
    try {
      let result: RecordingResult;
      try {
        const uploadMs = performance.now() - req.context.startedAt;
        const request = front.parse(req, body.fields, uploadMs, isJobPreferred);
        const { question, profile, voicePointer } = request;
        if (isJobPreferred && question.kind === 'recording') {
          res.setHeader('Preference-Applied', 'respond-async');
          await jobs.accept(req, res, request);
          return;
        }
        if (profile.voice !== undefined) await checkVoice(profile.voice, voicePointer, ports);
        if (question.kind === 'text') {
          await rateLimit.consume(req, res, textPoints(countChars(question.text)));
        }
        response = front.respond(req, res, request);
        const { onEvent } = response;
        const { abort } = req.context;
        result =
          question.kind === 'text'
            ? await ports.translate(request, { abort, onEvent })
            : await ports.translateRecording(request, { abort, onEvent, onCharge: meter.add });
      } finally {
        // Before the answer is complete: a client that has its answer has left nothing behind.
        if (body.removeUpload !== undefined) await body.removeUpload();
      }
      await meter.settled();
      await response.send(result);
    } catch (error) {
      await response?.fail?.(error);
      throw error;
    }
  }

  // The limit covers the body too: it bounds what lies in memory and on disk at a time.
  return (front) => (req, res) =>
    concurrencyLimit.run(rateLimit.clientKey(req), () => handle(front, req, res));
}

/**
 * A text makes no job and needs no place for one, so that a form that may have one is read up to its recording.
 *
 * @throws the error for what is larger than any text.
 */
function unlessText({ headers }: IncomingMessage, error: unknown): GatewayError {
  if (error instanceof GatewayError && Number(headers['content-length'] ?? 0) <= MAX_TEXT_BODY_BYTES)
    return error;
  throw error;
}
