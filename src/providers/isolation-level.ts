/** The levels at which one request can be kept apart from another on a socket: REALTIME_ISOLATION. */
export const ISOLATION_LEVELS = ['reference', 'inline', 'sweep', 'fresh'] as const;

export type IsolationLevel = (typeof ISOLATION_LEVELS)[number];
