/** What a request for a translation asks of a job. */
import type { IncomingMessage } from 'node:http';
import type { JobOrder, ResultFormat } from '../../jobs/job.js';
import { profilesOf } from '../../recordings/profiles.js';
import { checkVoice } from '../body/fields.js';
import type { HttpPorts } from '../ports.js';
import { invalidRequest } from '../problem.js';
import type { FrontRequest } from './front.js';

export interface JobRequest {
  readonly order: JobOrder;
  /** Of the folder of jobs, or in memory. */
  readonly recording: string | Buffer;
}

/**
 * The session is not used: its profile is copied, for the job may outlive it.
 *
 * @param client whose points pay for it.
 * @throws GatewayError `invalid-request`, `session-not-found`, `session-conflict`, `store-unavailable`
 */
export async function toJobRequest(
  ports: Pick<HttpPorts, 'sessions' | 'capabilities'>,
  client: string,
  request: FrontRequest,
): Promise<JobRequest> {
  const { question, owner, requestId, connectId, profile, targets, context } = request;
  if (question.kind === 'text') {
    const detail = 'A job needs a recording: send it as the file part `file` of multipart/form-data.';
    throw invalidRequest([{ pointer: '/file', detail }]);
  }
  if (request.output === 'audio') {
    const detail = 'A job has no spoken reply; leave `output` out, and audio/wav out of Accept.';
    throw invalidRequest([{ pointer: '/output', detail }]);
  }
  await checkVoice(profile.voice, request.voicePointer, ports);
  const used = await ports.sessions.profileOf(owner, connectId, profile);
  const [first, ...others] = profilesOf(used, targets ?? []);
  return {
    order: {
      ...{ owner, client, requestId, subtitles: request.subtitles },
      profiles: [pickRequestProfile(first), ...others.map(pickRequestProfile)],
      transcript: request.transcript === true,
      format: formatOf(request),
      ...(context !== undefined && { context }),
    },
    recording: question.recording,
  };
}

/** Whether the client would rather be answered at once (RFC 7240, 4.1), with a recording that can become a job. */
export function prefersJob({ headers }: IncomingMessage): boolean {
  const sent = [headers.prefer ?? []].flat().join(',');
  const isForm = /^\s*multipart\/form-data\s*(;|$)/i.test(headers['content-type'] ?? '');
  return isForm && /(?:^|[,;])\s*respond-async\s*(?:[,;]|$)/i.test(sent);
}

function pickRequestProfile({
  prompt,
  source,
  target,
  voice,
}: JobOrder['profiles'][0]): JobOrder['profiles'][0] {
  return { prompt, source, target, voice };
}

function formatOf({ form, isVerbose }: FrontRequest): ResultFormat {
  if (isVerbose) return 'verbose_json';
  return form === 'text' || form === 'srt' || form === 'vtt' ? form : 'json';
}
