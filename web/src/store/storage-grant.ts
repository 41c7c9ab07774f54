/** What the browser grants the page to keep: how much, and whether it may evict it. */

// Browsers hide it from insecure pages, whatever the DOM types say.
const { storage: STORAGE } = navigator as { readonly storage?: StorageManager };

let isAsked = false;

/** @returns undefined where the browser does not tell. */
export async function grantedBytes(): Promise<number | undefined> {
  const estimate = await STORAGE?.estimate().catch(() => undefined);
  return estimate?.quota;
}

/** Asks the browser once not to evict what is kept, when there first is something worth it. */
export function askToPersist(): void {
  if (isAsked) return;
  isAsked = true;
  // Refused or not: the page has nothing else to do.
  void STORAGE?.persist().catch(() => false);
}
