/**
 * The neutral vocabulary that everything above the wire uses. No name here is a provider's: each dialect translates these
 * events to and from its own frames.
 */

export type OutputKind = 'text' | 'audio';

/** PCM16 is little-endian, mono, 24 kHz; G.711 is 8 kHz. */
export type AudioFormat = 'pcm16' | 'g711_ulaw' | 'g711_alaw';

/** Voice activity detection. Absent fields take the server's default. */
export interface TurnDetection {
  type: 'server_vad' | 'semantic_vad';
  threshold?: number;
  prefixPaddingMs?: number;
  silenceDurationMs?: number;
  idleTimeoutMs?: number | null;
  eagerness?: 'low' | 'medium' | 'high' | 'auto';
  createResponse?: boolean;
  interruptResponse?: boolean;
}

export interface InputTranscription {
  model?: string;
  /** BCP 47 or ISO 639-1 */
  language?: string;
  prompt?: string;
}

/** A session's settings. In an update only present fields change; null switches a part off. */
export interface SessionSettings {
  model?: string;
  output?: OutputKind;
  instructions?: string;
  voice?: string;
  inputFormat?: AudioFormat;
  /** Hz of PCM16 input that is not 24 000. */
  inputRate?: number;
  outputFormat?: AudioFormat;
  transcription?: InputTranscription | null;
  noiseReduction?: 'near_field' | 'far_field' | null;
  turnDetection?: TurnDetection | null;
  /** Tools are never used here; the empty list switches them off. */
  tools?: readonly [];
  toolChoice?: 'none' | 'auto';
  maxOutputTokens?: number | 'inf';
}

/** A session as the server reports it. */
export interface SessionView extends SessionSettings {
  id: string;
  /** Unix seconds at which the server ends the session. */
  expiresAt?: number;
}

export type Part =
  /** Text of any role; its type on the wire depends on role and dialect. */
  | { type: 'text'; text: string }
  /** Raw samples in the session's input format, never a container. Servers leave `audio` out. */
  | { type: 'audio'; audio?: Buffer; transcript?: string };

/** A message of the conversation. An id that a client chooses has at most 32 characters. */
export interface Item {
  id?: string;
  role: 'system' | 'user' | 'assistant';
  status?: 'in_progress' | 'completed' | 'incomplete';
  parts: readonly Part[];
}

export interface ItemReference {
  reference: string;
}

export interface ResponseRequest {
  /** 'none' is out-of-band: a fresh context, nothing stored, many at a time. Default 'auto'. */
  conversation?: 'auto' | 'none';
  output?: OutputKind;
  voice?: string;
  outputFormat?: AudioFormat;
  instructions?: string;
  /** At most 16 pairs; keys to 64, values to 512 characters. Echoed on start and end of the response. */
  metadata?: Readonly<Record<string, string>>;
  input?: readonly (Item | ItemReference)[];
  tools?: readonly [];
  toolChoice?: 'none' | 'auto';
  maxOutputTokens?: number | 'inf';
}

/** Events that clients send. `eventId` (at most 512 characters) comes back in the fault that the event causes. */
export type ClientEvent = { eventId?: string } & (
  | {
      type: 'session.configure';
      session: SessionSettings;
      /** Legal fields of the frame that this vocabulary does not have, as paths below the session. Read, never written. */
      droppedFields?: readonly string[];
    }
  | { type: 'item.create'; item: Item; previousItemId?: string }
  | { type: 'item.retrieve' | 'item.delete'; itemId: string }
  | { type: 'item.truncate'; itemId: string; contentIndex: number; audioEndMs: number }
  | { type: 'buffer.append'; audio: Buffer }
  | { type: 'buffer.commit' }
  | { type: 'buffer.clear' }
  | { type: 'response.create'; response: ResponseRequest }
  /** Without an id: the response of the default conversation. */
  | { type: 'response.cancel'; responseId?: string }
);

export type ResponseStatus = 'in_progress' | 'completed' | 'cancelled' | 'incomplete' | 'failed';

/** Token counts of one response. */
export interface Usage {
  inputTokens: number;
  outputTokens: number;
  totalTokens: number;
  /** Of the input tokens; absent: none. */
  inputAudioTokens?: number;
  /** Of the output tokens; absent: none. */
  outputAudioTokens?: number;
}

export interface ResponseView {
  id: string;
  status: ResponseStatus;
  /** Why it is not complete: `turn_detected`, `client_cancelled`, `max_output_tokens`, `content_filter`. */
  reason?: string;
  /** The server's error, of a failed response. */
  error?: { code: string; message: string };
  output: readonly Item[];
  usage?: Usage;
  metadata?: Readonly<Record<string, string>>;
  /** null when out-of-band */
  conversationId?: string | null;
  /** What was requested, if the server reports it. */
  outputKind?: OutputKind;
  voice?: string;
  outputFormat?: AudioFormat;
  maxOutputTokens?: number | 'inf';
}

/** Where in a response a delta belongs. */
export interface ContentPosition {
  responseId: string;
  itemId: string;
  outputIndex: number;
  contentIndex: number;
}

/** Events that servers send. */
export type ServerEvent =
  | { type: 'session.created' | 'session.updated'; session: SessionView }
  | { type: 'item.added' | 'item.done'; item: Item; previousItemId: string | null }
  | { type: 'item.retrieved'; item: Item }
  | { type: 'item.deleted'; itemId: string }
  | { type: 'item.truncated'; itemId: string; contentIndex: number; audioEndMs: number }
  | { type: 'buffer.committed'; itemId: string; previousItemId: string | null }
  | { type: 'buffer.cleared' }
  | { type: 'speech.started'; itemId: string; audioStartMs: number }
  | { type: 'speech.stopped'; itemId: string; audioEndMs: number }
  | { type: 'transcription.delta'; itemId: string; contentIndex: number; delta: string }
  | {
      type: 'transcription.completed';
      itemId: string;
      contentIndex: number;
      transcript: string;
      seconds?: number;
    }
  | { type: 'transcription.failed'; itemId: string; contentIndex: number; code: string; message: string }
  | { type: 'response.started' | 'response.finished'; response: ResponseView }
  | { type: 'output.added' | 'output.done'; responseId: string; outputIndex: number; item: Item }
  | ({ type: 'part.added' | 'part.done'; part: Part } & ContentPosition)
  | ({ type: 'text.delta' | 'transcript.delta'; delta: string } & ContentPosition)
  | ({ type: 'text.done' | 'transcript.done'; text: string } & ContentPosition)
  | ({ type: 'audio.delta'; audio: Buffer } & ContentPosition)
  | ({ type: 'audio.done' } & ContentPosition)
  | {
      type: 'limits';
      limits: readonly { name: string; limit: number; remaining: number; resetSeconds: number }[];
    }
  | Fault;

/** An `error` event. `causedBy` is the id of the client event that caused it, if the server names one. */
export interface Fault {
  type: 'fault';
  kind: string;
  code: string;
  message: string;
  param?: string;
  causedBy?: string;
}
