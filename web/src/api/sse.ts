/** Server-sent events are read as the client of this package reads them. */
export { readEventStream, SseReader, type SseEvent } from '../../../src/client/sse.js';
