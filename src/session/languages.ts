/** Language tags: which are accepted, their canonical spelling, and their English names. */

/** Tags of today's languages have at most about 35 characters; extensions may add some, but not a page. */
const MAX_TAG_LENGTH = 64;

const englishNames = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'code' });

/**
 * The canonical form of a BCP 47 tag (`EN-us` → `en-US`, `iw` → `he`), or undefined if the text is not one.
 * Language subtags of five to eight letters are well formed but were never assigned (RFC 5646, 2.2.1), so a
 * language's name (`english`) is refused; so is the underscore of POSIX locales (`en_US`).
 */
export function canonicalTag(tag: string): string | undefined {
  if (tag.length > MAX_TAG_LENGTH || !/^[a-z]{2,3}(-|$)/i.test(tag)) return undefined;
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return undefined; // Intl throws a RangeError for a malformed tag
  }
}

/** `es` → `Spanish`, `pt-BR` → `Brazilian Portuguese`; a tag without an English name is returned as it is. */
export function languageName(tag: string): string {
  return englishNames.of(tag) ?? tag;
}
