import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { describeError, ERROR_CODES, GatewayError } from '../src/errors.js';

const busy = ERROR_CODES.filter((code) => [429, 503].includes(describeError(code).status));

describe('the wait before a retry', () => {
  it.each(busy)('has a default where waiting helps: %s', (code) => {
    const { retryable, retryAfterMs } = new GatewayError(code, 'Later.');
    if (retryable) expect(retryAfterMs).toBeGreaterThan(0);
    else expect(retryAfterMs).toBeUndefined();
  });

  it('can be overridden, and is absent where waiting does not help this time', () => {
    expect(new GatewayError('draining', 'Later.', { retryAfterMs: 70 }).retryAfterMs).toBe(70);
    expect(new GatewayError('draining', 'Never.', { retryable: false }).retryAfterMs).toBeUndefined();
    expect(new GatewayError('draining', 'Later.').withPartial('some').retryAfterMs).toBe(5_000);
  });

  it('is absent where somebody has to delete a job or install something', () => {
    const final = busy.filter((code) => !describeError(code).retryable);
    expect(final).toEqual(['job-limit', 'offline-engine-missing']);
  });
});

it('stands in the documentation with its status, whatever its code', async () => {
  const rows = (await readFile('docs/api.md', 'utf8')).matchAll(/^\| (\d{3}) +\| (.*) +\|$/gm);
  const documented = [...rows].flatMap(([, status, codes = '']) =>
    [...codes.matchAll(/`([a-z-]+)`/g)].flatMap(([, code]) =>
      code === 'errors' ? [] : [`${status} ${code}`],
    ),
  );
  expect(documented.sort()).toEqual(
    ERROR_CODES.map((code) => `${describeError(code).status} ${code}`).sort(),
  );
});
