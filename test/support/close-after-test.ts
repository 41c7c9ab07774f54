/** Closes what a test opened when the test ends, the last first. */
import { afterEach } from '@jest/globals';

export interface Closable {
  close(): Promise<unknown>;
}

/**
 * For the head of a test file: `const closeAfterTest = closingAfterEachTest();`
 * @returns a function that hands its argument through, and closes it after the present test. All are closed, also where
 *   one of them rejects; the test then fails with the first error.
 */
export function closingAfterEachTest(): <T extends Closable>(resource: T) => T {
  const opened: Closable[] = [];
  afterEach(async () => {
    const errors: unknown[] = [];
    for (const resource of opened.splice(0).reverse())
      await resource.close().catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw errors[0];
  });
  return (resource) => {
    opened.push(resource);
    return resource;
  };
}
