/** Reads server-sent events leniently: the data of each line, whatever a server leaves out or adds around it. */

/** More than any chunk of a chat; a longer line is not an event. */
const MAX_LINE_LENGTH = 1_000_000;

/**
 * Yields the value of each `data:` line. Comments, blank lines and other fields are skipped; lines may end with CR, LF or
 * both, also across chunks. A line `error:`, as older llama.cpp servers write it, counts as data.
 * @param endless makes what is thrown for a line without an end
 */
export async function* readEventData(
  chunks: AsyncIterable<Buffer>,
  endless: () => Error,
): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_LENGTH) throw endless();
    yield* dataOf(lines);
  }
  yield* dataOf((rest + decoder.decode()).split(/\r\n|\n|\r/));
}

function dataOf(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const value = /^\s*(?:data|error):(.*)$/s.exec(line)?.[1]?.trim();
    return value === undefined || value === '' ? [] : [value];
  });
}
