/** The session that the translations of this tab share; it survives a reload. */
import { shallowRef, watch, type ShallowRef } from 'vue';
import { parseObject, nonEmptyString } from '../api/json.js';

export interface TabSession {
  readonly connectId: string;
  /** The profile that it was created with, as JSON; another profile needs a new session. */
  readonly profileJson: string;
}

const STORAGE_KEY = 'session';

export function useTabSession(): ShallowRef<TabSession | undefined> {
  const session = shallowRef(readStored());
  watch(session, (current) => {
    if (current === undefined) sessionStorage.removeItem(STORAGE_KEY);
    else sessionStorage.setItem(STORAGE_KEY, JSON.stringify(current));
  });
  return session;
}

function readStored(): TabSession | undefined {
  const stored = parseObject(sessionStorage.getItem(STORAGE_KEY) ?? '');
  const [connectId, profileJson] = [nonEmptyString(stored.connectId), nonEmptyString(stored.profileJson)];
  return connectId === undefined || profileJson === undefined ? undefined : { connectId, profileJson };
}
