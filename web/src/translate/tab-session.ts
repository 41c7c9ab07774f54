/** The session that the translations of this tab share; it survives a reload. */
import { shallowRef, watch, type ShallowRef } from 'vue';
import { parseObject, nonEmptyString } from '../api/json.js';
import { readText, writeText } from '../store/preferences.js';

export interface TabSession {
  readonly connectId: string;
  /** The profile that it was created with, as JSON; another profile needs a new session. */
  readonly profileJson: string;
}

const STORAGE_KEY = 'session';

export function useTabSession(): ShallowRef<TabSession | undefined> {
  const session = shallowRef(readStored());
  watch(session, (current) => {
    writeText('sessionStorage', STORAGE_KEY, current && JSON.stringify(current));
  });
  return session;
}

function readStored(): TabSession | undefined {
  const stored = parseObject(readText('sessionStorage', STORAGE_KEY) ?? '');
  const [connectId, profileJson] = [nonEmptyString(stored.connectId), nonEmptyString(stored.profileJson)];
  return connectId === undefined || profileJson === undefined ? undefined : { connectId, profileJson };
}
