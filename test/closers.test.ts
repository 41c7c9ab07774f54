import { describe, expect, it } from '@jest/globals';
import { Closers } from '../src/gateway/closers.js';

describe('closers', () => {
  it('close in reverse order, one after the other, and once', async () => {
    const closed: string[] = [];
    const closers = new Closers();
    closers.add(() => closed.push('first'));
    closers.add(async () => {
      await Promise.resolve();
      closed.push('second');
    });
    closers.add(() => closed.push('third'));
    await Promise.all([closers.close(), closers.close()]);
    expect(closed).toEqual(['third', 'second', 'first']);
  });

  it('go on after one that fails, and reject with the first failure', async () => {
    const closed: string[] = [];
    const closers = new Closers();
    closers.add(() => closed.push('first'));
    closers.add(() => Promise.reject(new Error('of the second')));
    closers.add(() => {
      throw new Error('of the third');
    });
    await expect(closers.close()).rejects.toThrow('of the third');
    expect(closed).toEqual(['first']);
  });
});
