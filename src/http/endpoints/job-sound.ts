/** The sound of a job for players, and its waveform. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError } from '../../errors.js';
import type { JobSound } from '../../jobs/sound.js';
import { REQUEST_POINTS } from '../../quota/points.js';
import { fieldNames, normalizeFields, validate } from '../body/fields.js';
import { requestedRange } from '../byte-range.js';
import { drained } from '../drained.js';
import type { Auth } from '../middleware/auth.js';
import type { Middleware } from '../middleware/compose.js';
import type { RateLimit } from '../middleware/rate-limit.js';
import { ClientDisconnected } from '../middleware/request-context.js';
import { SOUND_TICKET_TTL_MS, type SoundTickets } from '../middleware/sound-tickets.js';
import type { HttpPorts } from '../ports.js';
import { sendJson } from '../response.js';
import { soundQuerySchema } from '../schemas.js';
import { jobPath } from './job-results.js';

const SOUND_NAMES = fieldNames(soundQuerySchema);

export interface JobSoundHandlers {
  /** GET …/sound */
  readonly sound: Middleware;
  /** GET …/waveform */
  readonly waveform: Middleware;
}

/** @param stalledReaderMs a player that takes nothing for this long is left; it asks for what it lacks once it goes on. */
export function createJobSoundHandlers(
  { jobs }: Pick<HttpPorts, 'jobs'>,
  tickets: SoundTickets,
  auth: Auth,
  rateLimit: RateLimit,
  stalledReaderMs: number,
): JobSoundHandlers {
  return {
    sound: async (req, res) => {
      const jobId = jobIdOf(req);
      const { ticket, untilMs } = readQuery(req);
      await auth.authenticate(
        req,
        res,
        ticket === undefined ? undefined : () => redeem(tickets, ticket, jobId),
      );
      await rateLimit.consume(req, res, REQUEST_POINTS);
      res.setHeader('Cache-Control', 'no-store');
      await sendSound(req, res, await jobs.sound(req.context.owner, jobId, untilMs), jobId, stalledReaderMs);
    },
    waveform: async (req, res) => {
      const { owner } = req.context;
      const jobId = jobIdOf(req);
      const expiresAt = Date.now() + SOUND_TICKET_TTL_MS;
      const waveform = await jobs.waveform(owner, jobId);
      const query = new URLSearchParams({ untilMs: String(waveform.durationMs) });
      const ticket = tickets.issue(owner, jobId);
      if (ticket !== undefined) query.set('ticket', ticket);
      const sound = {
        href: `${jobPath(jobId)}/sound?${query.toString()}`,
        expiresAt: new Date(expiresAt).toISOString(),
      };
      sendJson(res, { ...waveform, ...(waveform.durationMs > 0 && { sound }) });
    },
  };
}

async function sendSound(
  req: IncomingMessage,
  res: ServerResponse,
  sound: JobSound,
  jobId: string,
  stalledReaderMs: number,
): Promise<void> {
  const etag = `"${jobId}-${sound.bytes}"`;
  const range = requestedRange(req, sound.bytes, etag);
  const { start, end } = range ?? { start: 0, end: sound.bytes };
  res.statusCode = range === undefined ? 200 : 206;
  res.setHeader('Content-Type', 'audio/wav');
  res.setHeader('Content-Length', end - start);
  res.setHeader('Accept-Ranges', 'bytes');
  res.setHeader('ETag', etag);
  if (range !== undefined) res.setHeader('Content-Range', `bytes ${start}-${end - 1}/${sound.bytes}`);
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  for await (const chunk of sound.read(start, end)) {
    if (res.destroyed) throw new ClientDisconnected();
    if (!res.write(chunk)) await drained(res, stalledReaderMs);
  }
  res.end();
}

/** @throws GatewayError `unauthorized` */
function redeem(tickets: SoundTickets, ticket: string, jobId: string): Promise<string> {
  const owner = tickets.redeem(ticket, jobId);
  if (owner !== undefined) return Promise.resolve(owner);
  return Promise.reject(
    new GatewayError('unauthorized', 'The ticket is not one for this sound, or has ended.', {
      hint: 'GET the waveform of the job for a new one.',
    }),
  );
}

function jobIdOf({ context }: IncomingMessage): string {
  return context.params.jobId ?? '';
}

function readQuery({ url = '' }: IncomingMessage) {
  const query = new URL(url, 'http://localhost').searchParams;
  const sent = [...query].map(([name, value]) => ({ name, value }));
  return validate(normalizeFields(sent, SOUND_NAMES, 'refused'), soundQuerySchema);
}
