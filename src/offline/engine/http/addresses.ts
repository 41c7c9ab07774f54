/** Where the endpoints of a part are: below its base address, or at the whole address that was given. */

/** Last segments of the addresses that are whole: those of OpenAI's API, whisper.cpp, LibreTranslate and DeepL. */
const WHOLE = /\/(?:transcriptions|inference|completions|speech|translate)$/;

/** @param url a base address like `http://host/v1`, or the whole address of the endpoint */
export function endpointAt(url: string, path: string): string {
  const address = new URL(url);
  const given = address.pathname.replace(/\/+$/, '');
  address.pathname = WHOLE.test(given) ? given : `${given}${path}`;
  return address.href;
}

/** The base address, without a slash at its end; undefined where the whole address of an endpoint was given. */
export function baseOf(url: string): string | undefined {
  const { origin, pathname } = new URL(url);
  const given = pathname.replace(/\/+$/, '');
  return WHOLE.test(given) ? undefined : `${origin}${given}`;
}
