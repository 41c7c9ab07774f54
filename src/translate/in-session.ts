/** Runs a translation within its session: the lease, the cancelling, the report. The same for a piece and a recording. */
import type { Logger } from 'pino';
import type { Cancellation } from '../cancellation.js';
import { GatewayError } from '../errors.js';
import type { Session } from '../session/profile.js';
import type { SessionRegistry } from '../session/registry.js';
import type { Tracing } from '../telemetry/tracing.js';
import type { TranslateRequest } from './request.js';
import { TranslationTrace } from './trace.js';

export interface SessionPorts {
  readonly sessions: SessionRegistry;
  readonly provider: string;
  readonly model: string;
  /** Whether recordings can be sent to the provider. */
  readonly hearsRecordings: boolean;
  readonly logger: Logger;
  readonly tracing: Tracing;
}

/** Rejects with a GatewayError, or with the reason of the abort. */
export type InSession = <T>(
  request: TranslateRequest,
  abort: Cancellation,
  work: (session: Session, trace: TranslationTrace) => Promise<T>,
) => Promise<T>;

export function createInSession(ports: SessionPorts): InSession {
  const { sessions, provider, model, hearsRecordings, logger, tracing } = ports;
  return async (request, abort, work) => {
    const { question, requestId } = request;
    // The answer does not wait for what is counted or removed behind it: the store may be slow or unreachable.
    const inBackground = (task: Promise<unknown>, failure: string): void => {
      task.catch((error: unknown) => {
        logger.warn({ err: error, requestId }, failure);
      });
    };
    if (question.kind === 'recording' && !hearsRecordings) throw recordingsNotHeard();
    const lease = await sessions.acquire(request.owner, request.connectId, request.profile, abort);
    const { session } = lease;
    const uploadMs = question.kind === 'recording' ? question.uploadMs : undefined;
    const trace = new TranslationTrace(tracing, uploadMs);
    try {
      const result = await work(session, trace);
      abort.throwIfAborted();
      inBackground(lease.complete(), 'a completed translation was not counted');
      return result;
    } catch (error) {
      trace.error = abort.aborted ? abort.reason : error;
      // A client that received no event does not know the id of a new session.
      if (!trace.hasDelivered)
        inBackground(lease.discard(), 'a session that no client knows was not removed');
      // What the pool fails with is a GatewayError; a client that disconnected did not make the translation fail.
      throw abort.aborted && !(abort.reason instanceof GatewayError) ? abort.reason : error;
    } finally {
      trace.recordSpans(() => ({
        'gen_ai.provider.name': provider,
        'gen_ai.request.model': model,
        'translation.source': session.source ?? undefined,
        'translation.target': session.target ?? undefined,
        'translation.output': request.output,
      }));
      request.report?.(trace.report);
      lease.release();
    }
  };
}

export function recordingsNotHeard(): GatewayError {
  return new GatewayError(
    'unsupported-language',
    'The translation provider does not hear recordings in the way that this service reaches it. Send text instead.',
    { hint: 'The operator can choose another REALTIME_ISOLATION, if the server has one that hears.' },
  );
}
