/** Times of the queue that several nodes share, a quarter or less of what they are in earnest. */
import type { JobTiming } from '../../../src/gateway/jobs.js';

export const SHORT_TIMING: JobTiming = { lockMs: 4_000, stalledMs: 2_000, sweepMs: 3_000 };

/** What `ServiceProcess` runs for it. */
export const QUICK_NODE = ['--import', 'tsx', 'test/support/jobs/node.ts'];
