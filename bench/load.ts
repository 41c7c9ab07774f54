/** The clients as a process of their own. */
import { answerCommands } from './ipc.js';
import { converse, type ConversationLoad } from './load/conversations.js';
import { decode, type DecodeLoad } from './load/decode.js';
import { direct, type DirectLoad } from './load/direct.js';
import { request, type HttpLoad } from './load/http.js';
import type { Latencies } from './load/latencies.js';
import { stream, type StreamLoad } from './load/stream.js';

export interface LoadCommands {
  /** Requests over HTTP, each client one after the other. */
  request(load: HttpLoad): Promise<Latencies>;
  /** The same question asked upstream itself, by one client. */
  direct(load: DirectLoad): Promise<Latencies>;
  /** Plain spawns of ffmpeg, with nothing around them. */
  decode(load: DecodeLoad): Promise<Latencies>;
  /** Server-sent events, timed to the first delta. */
  stream(load: StreamLoad): Promise<Latencies>;
  /** Voice conversations, timed frame by frame. */
  converse(load: ConversationLoad): Promise<Latencies>;
}

answerCommands<LoadCommands>({ request, direct, decode, stream, converse });
