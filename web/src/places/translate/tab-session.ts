/** The session that the translations of this tab share; it survives a reload. */
import { shallowRef, watch, type ShallowRef } from 'vue';
import { parseObject, nonEmptyString } from '../../api/json.js';
import { safeStorage } from '../../safe-storage.js';

export interface TabSession {
  readonly connectId: string;
  /** The profile that it was created with, as JSON; another profile needs a new session. */
  readonly profileJson: string;
}

const STORAGE_KEY = 'session';

export function useTabSession(): ShallowRef<TabSession | undefined> {
  const storage = safeStorage('sessionStorage');
  const session = shallowRef(parseStored(storage.getItem(STORAGE_KEY)));
  watch(session, (current) => {
    if (current === undefined) storage.removeItem(STORAGE_KEY);
    else storage.setItem(STORAGE_KEY, JSON.stringify(current));
  });
  return session;
}

function parseStored(json: string | null): TabSession | undefined {
  const stored = parseObject(json ?? '');
  const [connectId, profileJson] = [nonEmptyString(stored.connectId), nonEmptyString(stored.profileJson)];
  return connectId === undefined || profileJson === undefined ? undefined : { connectId, profileJson };
}
