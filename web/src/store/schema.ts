/** The object stores of the database, and the migrations that lead to them from every earlier version. */
import type { DBSchema, IDBPDatabase, IDBPTransaction } from 'idb';
import { isObject, nonEmptyString } from '../api/json.js';
import { createItem, type Item, type ItemState, type Sound } from './item.js';

export interface StoredSound {
  readonly id: string;
  readonly itemId: string;
  readonly bytes: number;
  readonly blob: Blob;
}

/** A part of a running recording, PCM16 at 24 kHz. */
export interface RecordingChunk {
  readonly itemId: string;
  readonly index: number;
  readonly pcm: Int16Array;
}

export interface Schema extends DBSchema {
  items: { key: string; value: Item };
  sounds: { key: string; value: StoredSound; indexes: { itemId: string } };
  chunks: { key: [string, number]; value: RecordingChunk };
}

type AnyUpgrade = IDBPTransaction<unknown, string[], 'versionchange'>;

/** The step at index n leads from version n to n + 1. A step is never changed once released, only followed. */
const MIGRATIONS: readonly ((database: IDBPDatabase, upgrade: AnyUpgrade) => Promise<void>)[] = [
  createHistories,
  moveHistoriesToItems,
];

export const VERSION = MIGRATIONS.length;

/** Brings a database from `oldVersion` to VERSION. */
export async function migrate(database: unknown, oldVersion: number, upgrade: unknown): Promise<void> {
  for (const step of MIGRATIONS.slice(oldVersion))
    await step(database as IDBPDatabase, upgrade as AnyUpgrade);
}

/** Version 1: one store for each of the three views of that time. */
const HISTORIES = { translate: 'translate', voice: 'interpreter', text: 'chat' } as const;

// eslint-disable-next-line @typescript-eslint/require-await -- every step is asynchronous
async function createHistories(database: IDBPDatabase): Promise<void> {
  for (const name of Object.keys(HISTORIES)) database.createObjectStore(name, { keyPath: 'id' });
}

/** Version 2: items of every place in one store, their sounds and the parts of running recordings in stores of their own. */
async function moveHistoriesToItems(database: IDBPDatabase, upgrade: AnyUpgrade): Promise<void> {
  const items = database.createObjectStore('items', { keyPath: 'id' });
  const sounds = database.createObjectStore('sounds', { keyPath: 'id' });
  sounds.createIndex('itemId', 'itemId');
  database.createObjectStore('chunks', { keyPath: ['itemId', 'index'] });
  for (const [name, place] of Object.entries(HISTORIES)) {
    let cursor = await upgrade.objectStore(name).openCursor();
    while (cursor !== null) {
      const entry: unknown = cursor.value;
      const converted = isObject(entry) ? convert(entry, place) : undefined;
      if (converted !== undefined) {
        await items.put(converted.item);
        for (const sound of converted.sounds) await sounds.put(sound);
      }
      cursor = await cursor.continue();
    }
    database.deleteObjectStore(name);
  }
}

interface Converted {
  readonly item: Item;
  readonly sounds: readonly StoredSound[];
}

/** @returns undefined for an entry without an id, which version 1 never wrote. */
function convert(entry: Record<string, unknown>, place: string): Converted | undefined {
  const id = nonEmptyString(entry.id);
  if (id === undefined) return undefined;
  const common = {
    id,
    place,
    createdAt: typeof entry.at === 'number' ? entry.at : 0,
    text: nonEmptyString(entry.text) ?? '',
    state: convertState(entry.state),
  };
  if (place === 'translate') return convertTranslation(entry, common);
  const speaker = entry.speaker === 'model' || entry.speaker === 'break' ? entry.speaker : 'person';
  return { item: createItem({ ...common, input: { kind: 'turn', speaker } }), sounds: [] };
}

type CommonParts = Pick<Item, 'id' | 'place' | 'createdAt' | 'text' | 'state'>;

function convertTranslation(entry: Record<string, unknown>, common: CommonParts): Converted {
  const question = isObject(entry.question) ? entry.question : {};
  const profile = isObject(entry.profile) ? entry.profile : {};
  const sounds: StoredSound[] = [];
  const keep = (role: 'input' | 'reply', value: unknown): Sound | undefined => {
    if (!(value instanceof Blob)) return undefined;
    const id = `${common.id}:${role}`;
    sounds.push({ id, itemId: common.id, bytes: value.size, blob: value });
    return { id, bytes: value.size, mimeType: value.type };
  };
  const item = createItem({
    ...common,
    input:
      question.kind === 'recording'
        ? { kind: 'file', name: nonEmptyString(question.name) ?? '', sound: keep('input', question.file) }
        : { kind: 'text', text: nonEmptyString(question.text) ?? '' },
    profile: {
      source: nonEmptyString(profile.source) ?? '',
      target: nonEmptyString(profile.target) ?? '',
      voice: nonEmptyString(profile.voice) ?? '',
      prompt: nonEmptyString(profile.prompt) ?? '',
    },
    speak: entry.speak === true,
    source: nonEmptyString(entry.source),
    target: nonEmptyString(entry.target),
    reply: keep('reply', entry.reply),
    firstMs: typeof entry.firstMs === 'number' ? entry.firstMs : undefined,
  });
  return { item, sounds };
}

function convertState(state: unknown): ItemState {
  return state === 'done' || state === 'failed' || state === 'interrupted' ? state : 'stopped';
}
