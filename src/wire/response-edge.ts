/** Where a response begins and ends, seen without reading the frame: most frames are sound, and much of it. */

import { typeAtHead } from './decode.js';

export type ResponseEdge = 'begins' | 'ends' | 'fault';

const EDGES: ReadonlyMap<string, ResponseEdge> = new Map([
  ['response.created', 'begins'],
  ['response.done', 'ends'],
  ['error', 'fault'],
]);

/** For frames that begin with something else. Both dialects spell these alike. In what somebody said the quotes would be escaped. */
const TYPE = /"type"\s*:\s*"(response\.created|response\.done|error)"/;

/** @param frame of a server */
export function responseEdge(frame: string): ResponseEdge | undefined {
  const type = typeAtHead(frame) ?? TYPE.exec(frame)?.[1];
  return EDGES.get(type ?? '');
}
