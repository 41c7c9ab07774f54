/** The session that this tab's translations share, kept over a reload. */
import { shallowRef, watch, type ShallowRef } from 'vue';
import { parseObject, textOf } from '../api/json.js';

export interface KeptSession {
  readonly connectId: string;
  /** What it was made with, as one string; with anything else a new one is made. */
  readonly shape: string;
}

const STORAGE_KEY = 'session';

export function useKeptSession(): ShallowRef<KeptSession | undefined> {
  const session = shallowRef(read());
  watch(session, (now) => {
    if (now === undefined) sessionStorage.removeItem(STORAGE_KEY);
    else sessionStorage.setItem(STORAGE_KEY, JSON.stringify(now));
  });
  return session;
}

function read(): KeptSession | undefined {
  const stored = parseObject(sessionStorage.getItem(STORAGE_KEY) ?? '');
  const [connectId, shape] = [textOf(stored.connectId), textOf(stored.shape)];
  return connectId === undefined || shape === undefined ? undefined : { connectId, shape };
}
