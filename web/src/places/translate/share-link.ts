/** A link that opens this page with a text in its field. The text is in the fragment, which browsers send to no server. */
import type { LocationQuery } from 'vue-router';

/** Longer addresses are cut by mail programs and chats. */
const MAX_LINK_CHARS = 2_000;

export interface SharedText {
  readonly text: string;
  readonly source: string;
  readonly target: string;
}

/** @returns undefined for a text that is too long for an address */
export function shareLink(shared: SharedText): string | undefined {
  const page = new URL(location.href);
  const query = new URLSearchParams({ ...shared }).toString();
  const link = `${page.origin}${page.pathname}#/translate?${query}`;
  return link.length > MAX_LINK_CHARS ? undefined : link;
}

/** @returns undefined where the address has no text */
export function readSharedText({ text, source, target }: LocationQuery): SharedText | undefined {
  if (typeof text !== 'string' || text === '') return undefined;
  const known = (tag: LocationQuery[string] | undefined) => (typeof tag === 'string' ? tag : '');
  return { text, source: known(source), target: known(target) };
}
