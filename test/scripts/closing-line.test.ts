/** The end of the output of `make test`: the slowest files, then the line with what jest counted. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'closing-line-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Field names as in jest's `--json`. */
function closingLine(...results: object[]): string {
  const paths = results.map((result, index) => {
    const path = join(folder, `${index}.json`);
    const none = {
      numPassedTests: 0,
      numFailedTests: 0,
      numPendingTests: 0,
      numTodoTests: 0,
      numRuntimeErrorTestSuites: 0,
    };
    writeFileSync(path, JSON.stringify({ ...none, ...result }));
    return path;
  });
  return execFileSync(process.execPath, ['scripts/closing-line.js', ...paths], { encoding: 'utf8' });
}

it('counts what passed and what failed', () => {
  expect(closingLine({ numPassedTests: 12, numFailedTests: 2 })).toBe('12 passed, 2 failed\n');
});

it('adds up several runs', () => {
  expect(closingLine({ numPassedTests: 12 }, { numPassedTests: 3, numFailedTests: 1 })).toBe(
    '15 passed, 1 failed\n',
  );
});

it('counts a file that could not be run as one that failed', () => {
  expect(closingLine({ numPassedTests: 1, numRuntimeErrorTestSuites: 1 })).toBe('1 passed, 1 failed\n');
});

it('names skipped tests where there are some', () => {
  expect(closingLine({ numPassedTests: 1, numPendingTests: 1, numTodoTests: 1 })).toBe(
    '1 passed, 0 failed, 2 skipped\n',
  );
});

it('lists the ten slowest files of all runs, the slowest first', () => {
  const files = (from: number, count: number): object => ({
    testResults: Array.from({ length: count }, (_, n) => ({
      name: resolve(`test/${from + n}.test.ts`),
      startTime: 5_000,
      endTime: 5_000 + 100 * (from + n),
    })),
  });
  const lines = closingLine(files(1, 6), files(7, 6)).split('\n');
  expect(lines.slice(0, 3)).toEqual([
    'Slowest files:',
    '    1.2 s  test/12.test.ts',
    '    1.1 s  test/11.test.ts',
  ]);
  expect(lines.slice(10)).toEqual(['    0.3 s  test/3.test.ts', '0 passed, 0 failed', '']);
});
