/** Whether resuming a job can help. */
import type { Job } from '../../api/jobs.js';

/** The recording itself is at fault, or was removed from a full disk. */
const FINAL: ReadonlySet<string> = new Set([
  'unsupported-media-type',
  'undecodable-audio',
  'empty-audio',
  'audio-too-long',
  'storage-full',
]);

export function isResumable({ state, failedSegments, problem }: Job): boolean {
  if (state === 'failed') return !FINAL.has(problem?.code ?? '');
  return state === 'completed' && failedSegments > 0;
}
