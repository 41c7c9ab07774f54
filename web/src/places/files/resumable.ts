/** Whether it is worth asking a job to go on. */
import type { Job } from '../../api/jobs.js';

/** The recording itself is at fault, or nothing of it is left because it had no room. */
const FINAL: ReadonlySet<string> = new Set([
  ...['unsupported-media-type', 'undecodable-audio', 'empty-audio', 'audio-too-long', 'storage-full'],
]);

export function isResumable({ state, failedSegments, problem }: Job): boolean {
  if (state === 'failed') return !FINAL.has(problem?.code ?? '');
  return state === 'completed' && failedSegments > 0;
}
