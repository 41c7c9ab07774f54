/** The items of every place: on screen at once, then in the database, and in the other tabs of this page. */
import { computed, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue';
import type { IDBPDatabase } from 'idb';
import { AppError } from '../api/errors.js';
import {
  MAX_STORED_REPLY_BYTES,
  surplusOf,
  usageOf,
  type HistoryPreferences,
  type StorageUsage,
} from './bounds.js';
import { chunksOf } from './chunk-keys.js';
import { Database, type DatabaseState } from './database.js';
import { ItemList } from './item-list.js';
import { createItem, isRunning, soundsOf, type Item, type NewItem, type Sound } from './item.js';
import { dropOldestAudio, dropOldestFilms } from './make-room.js';
import { usePreferences } from './preferences.js';
import { forgetRemoval, notedRemovals, noteRemoval } from './removals.js';
import { RecordingWriter } from './recording-writer.js';
import { recoverItems } from './recovery.js';
import type { Schema, StoredSound } from './schema.js';
import { Tab } from './tabs.js';
import { askToPersist, grantedBytes } from './storage-grant.js';
import { isQuotaError, WriteQueue, type Write } from './write-queue.js';

/** Between stores of a text that still arrives. */
const SAVE_INTERVAL_MS = 1_000;

type TabMessage =
  | { readonly type: 'saved'; readonly id: string }
  | { readonly type: 'removed'; readonly ids: readonly string[] };

export class ItemStore {
  /** Oldest first. Each item is reactive; change it with `update`, which also stores it. */
  readonly items: readonly Item[];
  /** Why something could not be stored. It is on screen all the same; set to undefined to dismiss. */
  readonly problem: ShallowRef<AppError | undefined> = shallowRef();
  readonly preferences: HistoryPreferences;
  readonly usage: ComputedRef<StorageUsage>;
  readonly database = new Database();
  /** Resolves when the stored items are in `items`. Stays pending while the database is blocked. */
  readonly loaded: Promise<void>;
  readonly #list = new ItemList();
  readonly #tab = new Tab();
  readonly #channel = new BroadcastChannel('items');
  /** Sounds that are not in the database, or not yet. */
  readonly #unstored = new Map<string, Blob>();
  readonly #saveTimers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #quotaBytes = shallowRef(Infinity);
  readonly #writes = new WriteQueue({
    database: this.database,
    makeRoom: (database, bytes) => this.#makeRoom(database, bytes),
    onError: (thrown) => {
      this.#report(thrown);
    },
  });

  constructor() {
    this.items = this.#list.all;
    this.preferences = usePreferences<HistoryPreferences>('history', { keepDays: 0, maxMegabytes: 500 });
    this.usage = computed(() => usageOf(this.items, this.preferences, this.#quotaBytes.value));
    this.#channel.onmessage = ({ data }: MessageEvent<TabMessage>) => void this.#onTabMessage(data);
    this.loaded = this.#load();
    watch(this.preferences, () => {
      this.#prune();
    });
    const onState = (state: DatabaseState) => {
      if (state === 'blocked') this.problem.value = new AppError('storage-blocked');
      else if (state === 'outdated') this.problem.value = new AppError('storage-outdated');
      else if (state === 'unavailable') this.problem.value = new AppError('storage-unavailable');
      else if (this.problem.value?.code === 'storage-blocked') this.problem.value = undefined;
    };
    watch(this.database.state, onState, { immediate: true });
  }

  /** The items of one place, oldest first. */
  of(place: string): ComputedRef<Item[]> {
    return this.#list.of(place);
  }

  /** Whether this tab is recording, uploading or waiting for a result. */
  get hasRunning(): boolean {
    return this.items.some(({ runningIn }) => runningIn === this.#tab.id);
  }

  get(id: string): Item | undefined {
    return this.#list.get(id);
  }

  /** The newest first. @param place absent: of every place. */
  search(query: string, place?: string): Item[] {
    return this.#list.search(query, place);
  }

  /** Adds an item and stores it. @returns it, reactive. */
  add(parts: NewItem): Item {
    const item = this.#list.insert(createItem(parts));
    this.save(item);
    this.#prune();
    return item;
  }

  /** Changes an item and stores it. An item in a running state belongs to this tab until it is in another. */
  update(item: Item, changes: Partial<Item>): void {
    Object.assign(item, changes);
    this.save(item);
  }

  /** Stores an item as it is now. */
  save(item: Item): void {
    clearTimeout(this.#saveTimers.get(item.id));
    this.#saveTimers.delete(item.id);
    if (this.#list.get(item.id) !== item) return; // removed in the meantime
    item.runningIn = isRunning(item) ? this.#tab.id : undefined;
    this.#write(
      async (database) => {
        await this.#tab.registered;
        if (this.#list.has(item.id)) await database.put('items', toPlain(item));
      },
      { type: 'saved', id: item.id },
    );
  }

  /** Stores an item at most once a second, for a text that arrives in parts. */
  saveSoon(item: Item): void {
    if (this.#saveTimers.has(item.id)) return;
    const timer = setTimeout(() => {
      this.save(item);
    }, SAVE_INTERVAL_MS);
    this.#saveTimers.set(item.id, timer);
  }

  remove(...items: readonly Item[]): void {
    if (items.length === 0) return;
    const ids = items.map(({ id }) => id);
    for (const id of ids) this.#forget(id);
    this.#removeStored(ids, noteRemoval(ids));
  }

  /** Removes the items of a place that are not pinned. @param place absent: of every place. */
  clear(place?: string): void {
    this.remove(
      ...this.items.filter((item) => !item.pinned && (place === undefined || item.place === place)),
    );
  }

  /** Keeps a sound with its item. It can be used at once, and is stored in the background. */
  keepSound(item: Item, role: 'input' | 'reply', blob: Blob, durationMs?: number): Sound {
    const sound: Sound = { id: `${item.id}:${role}`, bytes: blob.size, mimeType: blob.type, durationMs };
    this.#unstored.set(sound.id, blob);
    if (role === 'reply') item.reply = sound;
    else if (item.input.kind === 'recording' || item.input.kind === 'file') item.input.sound = sound;
    this.save(item);
    if (role === 'input' || blob.size <= MAX_STORED_REPLY_BYTES) this.#storeSound(item, sound, blob);
    return sound;
  }

  /** @returns undefined if it was dropped to make room, or never stored before a reload. */
  async sound(sound: Sound): Promise<Blob | undefined> {
    const unstored = this.#unstored.get(sound.id);
    if (unstored !== undefined) return unstored;
    const database = await this.database.opened;
    return (await database?.get('sounds', sound.id))?.blob;
  }

  /** Begins to store a recording while it runs, in chunks of half a second. */
  record(item: Item): RecordingWriter {
    const release = this.database.hold();
    return new RecordingWriter({
      writeChunk: (index, pcm) => {
        this.#write(
          (database) => database.put('chunks', { itemId: item.id, index, pcm }),
          undefined,
          pcm.byteLength,
        );
      },
      end: release,
    });
  }

  /** Resolves when everything so far is stored, or has failed to be. */
  async flush(): Promise<void> {
    await this.#writes.flush();
  }

  /** @param noted the entry that survives a reload; it goes once the items are gone. */
  #removeStored(ids: readonly string[], noted: string): void {
    this.#writes.push(
      async (database) => {
        const transaction = database.transaction(['items', 'sounds', 'chunks'], 'readwrite');
        for (const id of ids) {
          void transaction.objectStore('items').delete(id);
          void transaction.objectStore('chunks').delete(chunksOf(id));
          const sounds = transaction.objectStore('sounds');
          for (const key of await sounds.index('itemId').getAllKeys(id)) void sounds.delete(key);
        }
        await transaction.done;
      },
      0,
      () => {
        forgetRemoval(noted);
        this.#channel.postMessage({ type: 'removed', ids } satisfies TabMessage);
      },
    );
  }

  #storeSound(item: Item, sound: Sound, blob: Blob): void {
    askToPersist();
    this.#write(
      async (database) => {
        if (!this.#list.has(item.id)) return;
        const transaction = database.transaction(['sounds', 'chunks'], 'readwrite');
        const stored: StoredSound = { id: sound.id, itemId: item.id, bytes: blob.size, blob };
        const isInput = sound.id.endsWith(':input');
        await Promise.all([
          transaction.objectStore('sounds').put(stored),
          ...(isInput ? [transaction.objectStore('chunks').delete(chunksOf(item.id))] : []),
          transaction.done,
        ]);
        this.#unstored.delete(sound.id);
      },
      { type: 'saved', id: item.id },
      blob.size,
    );
    this.#prune();
  }

  /** @param message to the other tabs, once it is written. */
  #write(write: Write, message?: TabMessage, bytes = 0): void {
    this.#writes.push(write, bytes, () => {
      if (message !== undefined) this.#channel.postMessage(message);
    });
  }

  #report(thrown: unknown): void {
    // Closed for a newer version or by the browser: the state of the database says so.
    if (thrown instanceof DOMException && thrown.name === 'InvalidStateError') return;
    this.problem.value = new AppError(isQuotaError(thrown) ? 'browser-storage-full' : 'storage-unavailable', {
      cause: thrown,
    });
  }

  async #load(): Promise<void> {
    const database = await this.database.opened;
    if (database === undefined) return;
    const granted = await grantedBytes();
    if (granted !== undefined) this.#quotaBytes.value = granted;
    const removals = notedRemovals();
    for (const [noted, ids] of removals) this.#removeStored(ids, noted);
    const removed = new Set([...removals.values()].flat());
    for (const stored of await database.getAll('items')) if (!removed.has(stored.id)) this.#merge(stored);
    const owners = new Set(this.items.map(({ runningIn }) => runningIn));
    owners.delete(this.#tab.id);
    for (const owner of owners) {
      if (owner === undefined) await this.#recover(undefined);
      else void this.#tab.whenEnded(owner, () => this.#recover(owner));
    }
    this.#prune();
  }

  async #recover(owner: string | undefined): Promise<void> {
    const database = await this.database.opened;
    if (database === undefined) return;
    const { recovered, removed } = await recoverItems(database, owner).catch((thrown: unknown) => {
      this.#report(thrown);
      return { recovered: [], removed: [] };
    });
    for (const item of recovered) {
      this.#merge(item);
      this.#channel.postMessage({ type: 'saved', id: item.id } satisfies TabMessage);
    }
    for (const id of removed) this.#forget(id);
  }

  async #onTabMessage(message: TabMessage): Promise<void> {
    if (message.type === 'removed') {
      for (const id of message.ids) this.#forget(id);
      return;
    }
    const database = await this.database.opened;
    const stored = await database?.get('items', message.id);
    if (stored === undefined) return;
    this.#merge(stored);
    if (stored.runningIn !== undefined)
      void this.#tab.whenEnded(stored.runningIn, () => this.#recover(stored.runningIn));
  }

  /** Takes over what is stored, except for an item that runs in this tab. */
  #merge(stored: Item): void {
    const existing = this.#list.get(stored.id);
    const complete = createItem(stored);
    if (existing === undefined) this.#list.insert(complete);
    else if (existing.runningIn !== this.#tab.id) Object.assign(existing, complete);
  }

  #forget(id: string): void {
    const item = this.#list.remove(id);
    if (item === undefined) return;
    clearTimeout(this.#saveTimers.get(id));
    this.#saveTimers.delete(id);
    for (const sound of soundsOf(item)) this.#unstored.delete(sound.id);
  }

  /** Keeps to the bounds of number, age and bytes. */
  #prune(): void {
    const surplus = surplusOf(this.items, this.preferences);
    if (surplus.length > 0) this.remove(...surplus);
    const excess = this.usage.value.audioBytes - this.usage.value.maxAudioBytes;
    if (excess > 0) this.#write((database) => this.#dropOldestAudio(database, excess));
  }

  async #makeRoom(database: IDBPDatabase<Schema>, bytes: number): Promise<void> {
    const freed = await this.dropOldestFilms(database, bytes);
    await this.#dropOldestAudio(database, bytes - freed);
  }

  /** @returns how many bytes that freed. */
  dropOldestFilms(database: IDBPDatabase<Schema>, bytes: number): Promise<number> {
    return dropOldestFilms(database, this.items, bytes, this.update.bind(this));
  }

  #dropOldestAudio(database: IDBPDatabase<Schema>, bytes: number): Promise<void> {
    return dropOldestAudio(database, this.items, bytes, this.#unstored, this.update.bind(this));
  }
}

function toPlain(item: Item): Item {
  return JSON.parse(JSON.stringify(item)) as Item;
}
