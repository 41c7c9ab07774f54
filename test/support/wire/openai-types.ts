/**
 * Checks what both dialects write, at compile time, against the event types of the `openai` package.
 * Nothing here runs: a frame that drifts from the published types fails `npm run typecheck`.
 */
import type {
  RealtimeClientEvent as BetaClientEvent,
  RealtimeServerEvent as BetaServerEvent,
} from 'openai/resources/beta/realtime/realtime';
import type { RealtimeClientEvent, RealtimeServerEvent } from 'openai/resources/realtime/realtime';
import type { ClientEvent, ServerEvent } from '../../../src/wire/index.js';
import { spec as ga } from '../../../src/wire/ga/ga.js';
import { spec as preview } from '../../../src/wire/preview/preview.js';
import { writeClientEvent } from '../../../src/wire/shared/client-events.js';
import { writeServerEvent } from '../../../src/wire/shared/server-writers.js';

/** Never called: with a dialect's names and codecs the compiler infers what it writes. */
export const write = {
  gaClient: (event: ClientEvent) => writeClientEvent(ga, event),
  gaServer: (event: ServerEvent) => writeServerEvent(ga, event),
  previewClient: (event: ClientEvent) => writeClientEvent(preview, event),
  previewServer: (event: ServerEvent) => writeServerEvent(preview, event),
};

type Written<K extends keyof typeof write> = Exclude<ReturnType<(typeof write)[K]>, undefined>;
type GaClient = Written<'gaClient'>;
type GaServer = Written<'gaServer'>;
type PreviewClient = Written<'previewClient'>;
type PreviewServer = Written<'previewServer'>;

/** The compiler gives the members of a union of literals each other's fields as ones that cannot be. */
type Possible<K, V> = [Exclude<V, undefined>] extends [never] ? never : K;

/** null, which switches transcription and noise reduction off, and stands for a recording until its frame is encoded. */
type Nullable = 'transcription' | 'noise_reduction' | 'audio';

type Field<K, V> = K extends Nullable ? Exclude<Published<V>, null> : Published<V>;

/**
 * As JSON, which has no undefined fields, less what the reference shows and the types leave out: null, and references to
 * items in the input of a response.
 */
type Published<T> = T extends readonly (infer E)[]
  ? Published<Exclude<E, { type: 'item_reference' }>>[]
  : T extends object
    ? {
        [K in keyof T as undefined extends T[K] ? never : K]: Field<K, T[K]>;
      } & {
        [K in keyof T as undefined extends T[K] ? Possible<K, T[K]> : never]?: Field<
          K,
          Exclude<T[K], undefined>
        >;
      }
    : T;

/** Compiles only where every T is a U. */
type Held<T extends U, U> = T;

export type GaClientIsPublished = Held<Published<GaClient>, RealtimeClientEvent>;
export type GaServerIsPublished = Held<Published<GaServer>, RealtimeServerEvent>;

/** Every path of fields in T: `session | session.audio | session.audio.input | …`. */
type Paths<T, Above extends string = ''> = T extends readonly (infer E)[]
  ? Paths<E, Above>
  : T extends object
    ? {
        [K in keyof T & string as Possible<K, T[K]>]: `${Above}${K}` | Paths<T[K], `${Above}${K}.`>;
      } extends infer P
      ? P[keyof P]
      : never
    : never;

type Named<T, N extends string> = T extends { type: infer M } ? (N extends M ? T : never) : never;

/** Fields of our frames that theirs of the same name do not have. */
type Unpublished<Ours extends { type: string }, Theirs> = {
  [N in Ours['type']]: Exclude<Paths<Named<Ours, N>>, Paths<Named<Theirs, N>>>;
}[Ours['type']];

/** Shown in frames of the live servers, absent from the types. */
type SeenLive =
  'session.id' | 'session.object' | 'session.expires_at' | 'response.status_details.error.message';

export type GaClientAddsNothing = Held<Unpublished<GaClient, RealtimeClientEvent>, never>;
export type GaServerAddsNothing = Held<Unpublished<GaServer, RealtimeServerEvent>, SeenLive>;
export type PreviewClientAddsNothing = Held<Unpublished<PreviewClient, BetaClientEvent>, never>;
export type PreviewServerAddsNothing = Held<Unpublished<PreviewServer, BetaServerEvent>, SeenLive>;

/** A misspelt name that the above must find. */
interface Misspelt {
  type: 'response.create';
  response: { output_modality: ['text'] };
}
export type Misspellings = Held<'response.output_modality', Unpublished<Misspelt, RealtimeClientEvent>>;
// @ts-expect-error a preview event is not one of GA's
export type PreviewIsNotGa = Held<Published<PreviewServer>, RealtimeServerEvent>;
