/** The load generator, in its own process. */
import { serveCommands } from './ipc.js';
import { converse, type ConversationLoad } from './load/conversations.js';
import { decode, type DecodeLoad } from './load/decode.js';
import { direct, type DirectLoad } from './load/direct.js';
import { request, type HttpLoad } from './load/http.js';
import type { Latencies } from './load/latencies.js';
import { stream, type StreamLoad } from './load/stream.js';

export interface LoadCommands {
  /** HTTP requests; each client sends one after the other. */
  request(load: HttpLoad): Promise<Latencies>;
  /** The same request sent directly to the upstream, by one client. */
  direct(load: DirectLoad): Promise<Latencies>;
  /** Plain ffmpeg processes. */
  decode(load: DecodeLoad): Promise<Latencies>;
  /** Server-sent events, measured to the first delta. */
  stream(load: StreamLoad): Promise<Latencies>;
  /** Voice conversations, measured frame by frame. */
  converse(load: ConversationLoad): Promise<Latencies>;
}

serveCommands<LoadCommands>({ request, direct, decode, stream, converse });
