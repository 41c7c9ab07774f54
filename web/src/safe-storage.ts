/** localStorage and sessionStorage where the browser grants them. Elsewhere values last as long as the page is open. */

export type SafeStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export function safeStorage(kind: 'localStorage' | 'sessionStorage'): SafeStorage {
  try {
    const storage = window[kind];
    return {
      getItem: (key) => storage.getItem(key),
      removeItem: (key) => {
        storage.removeItem(key);
      },
      setItem: (key, value) => {
        try {
          storage.setItem(key, value);
        } catch (thrown) {
          // The quota is used up. The value stays in effect until the page is closed.
          if (!(thrown instanceof DOMException)) throw thrown;
          console.warn(`"${key}" was not stored:`, thrown.name);
        }
      },
    };
  } catch (thrown) {
    // The browser blocks the data of this site, so that reading the property itself throws a SecurityError.
    if (!(thrown instanceof DOMException)) throw thrown;
    return memoryStorage();
  }
}

function memoryStorage(): SafeStorage {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    removeItem: (key) => void values.delete(key),
    setItem: (key, value) => void values.set(key, value),
  };
}
