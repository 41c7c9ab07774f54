/** What the page keeps: one item is one translation, recording or turn of a conversation, with its state and result. */
import type { ErrorRecord } from '../api/errors.js';
import type { DetectedSource, Profile, TokenUsage } from '../api/translate.js';

/** A sound in the store; `ItemStore.sound` returns its Blob. */
export interface Sound {
  readonly id: string;
  readonly bytes: number;
  readonly mimeType: string;
  /** Undefined where it is not known without decoding. */
  readonly durationMs?: number | undefined;
}

/** A file of the place Files: what was ordered for it, and the job it became. */
export interface FileUpload {
  readonly targets: readonly string[];
  readonly transcript: boolean;
  readonly bytes: number;
  /** Undefined until it is uploaded. */
  jobId?: string | undefined;
  /** When the service deletes the job, as epoch milliseconds. */
  expiresAt?: number | undefined;
  /** What of the file this browser keeps; 0: nothing. */
  keptBytes: number;
}

export type ItemInput =
  | { readonly kind: 'text'; text: string }
  | {
      /** `recording`: made here with the microphone; `file`: chosen or dropped. */
      readonly kind: 'recording' | 'file';
      name: string;
      /** Undefined while recording, and once it was dropped to make room. */
      sound: Sound | undefined;
    }
  /** `break`: a new conversation begins here, and the model does not know the turns above. */
  | { readonly kind: 'turn'; readonly speaker: 'person' | 'model' | 'break' };

/** `interrupted`: the tab that ran it ended first. It can be run again, with whatever was recorded. */
export type ItemState =
  | 'recording'
  | 'ready'
  | 'uploading'
  | 'waiting'
  | 'streaming'
  | 'done'
  | 'failed'
  | 'stopped'
  | 'interrupted';

const RUNNING: ReadonlySet<ItemState> = new Set(['recording', 'uploading', 'waiting', 'streaming']);

/** Plain JSON, so that it can be stored and sent to other tabs. Sounds are stored apart from it. */
export interface Item {
  /** Made by `newId`, so that ids sort by age. */
  readonly id: string;
  /** The place that made it: `translate`, `interpreter`, `chat`… */
  readonly place: string;
  readonly createdAt: number;
  readonly input: ItemInput;
  profile: Profile;
  /** Whether a spoken reply is wanted. */
  speak: boolean;
  state: ItemState;
  /** The result, as far as it has arrived; the words, for a turn. */
  text: string;
  /** What was heard in a recording. */
  transcript: string | undefined;
  /** The languages that the answer names. */
  source: string | undefined;
  target: string | undefined;
  detectedSource: DetectedSource | undefined;
  /** The spoken reply. */
  reply: Sound | undefined;
  usage: TokenUsage | undefined;
  model: string | undefined;
  /** From the start of the request to the first text or audio. */
  firstMs: number | undefined;
  error: ErrorRecord | undefined;
  upload: FileUpload | undefined;
  /** Its audio is not dropped to make room, and it does not expire. */
  pinned: boolean;
  /** The tab that runs it; undefined when nothing runs. */
  runningIn: string | undefined;
  /** Its audio was dropped to make room. */
  audioDropped: boolean;
}

/** What an item must be made of; the rest has defaults. */
export type NewItem = Pick<Item, 'place' | 'input'> & Partial<Item>;

/** @param parts override the defaults of a new item. */
export function createItem(parts: NewItem): Item {
  return {
    id: newId(),
    createdAt: Date.now(),
    profile: { source: '', target: '', voice: '', prompt: '' },
    speak: false,
    state: 'ready',
    text: '',
    transcript: undefined,
    source: undefined,
    target: undefined,
    detectedSource: undefined,
    reply: undefined,
    usage: undefined,
    model: undefined,
    firstMs: undefined,
    error: undefined,
    upload: undefined,
    pinned: false,
    runningIn: undefined,
    audioDropped: false,
    ...parts,
  };
}

export function isRunning({ state }: Item): boolean {
  return RUNNING.has(state);
}

/** The recording or file of an item, where it has one and it is still kept. */
export function inputSound({ input }: Item): Sound | undefined {
  return input.kind === 'recording' || input.kind === 'file' ? input.sound : undefined;
}

export function soundsOf(item: Item): Sound[] {
  return [inputSound(item), item.reply].filter((sound) => sound !== undefined);
}

/** Whether every word of `query` occurs in the item's texts or name, without regard to case and accents. */
export function matches(item: Item, query: string): boolean {
  const { input, text, transcript } = item;
  const own = input.kind === 'text' ? input.text : input.kind === 'turn' ? '' : input.name;
  const haystack = fold([own, text, transcript ?? ''].join('\n'));
  return fold(query)
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}

function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** A new id that sorts after every earlier one, of at most 32 characters: the limit for item ids upstream. */
export function newId(): string {
  const microseconds = Math.round((performance.timeOrigin + performance.now()) * 1000);
  return `${microseconds.toString(36).padStart(11, '0')}-${crypto.getRandomValues(new Uint32Array(2)).join('')}`;
}
