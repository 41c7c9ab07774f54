import { describe, expect, it } from '@jest/globals';
import { describeError, ERROR_CODES, GatewayError } from '../src/errors.js';

const busy = ERROR_CODES.filter((code) => [429, 503].includes(describeError(code).status));

describe('an error that says to come later', () => {
  it.each(busy)('says when, if waiting helps: %s', (code) => {
    const { retryable, retryAfterMs } = new GatewayError(code, 'Later.');
    if (retryable) expect(retryAfterMs).toBeGreaterThan(0);
    else expect(retryAfterMs).toBeUndefined();
  });

  it('says what is known better than the default, and nothing where waiting does not help this time', () => {
    expect(new GatewayError('draining', 'Later.', { retryAfterMs: 70 }).retryAfterMs).toBe(70);
    expect(new GatewayError('draining', 'Never.', { retryable: false }).retryAfterMs).toBeUndefined();
    expect(new GatewayError('draining', 'Later.').withPartial('some').retryAfterMs).toBe(5_000);
  });

  it('does not wait for what an operator has to install', () => {
    expect(busy.filter((code) => !describeError(code).retryable)).toEqual(['offline-engine-missing']);
  });
});
