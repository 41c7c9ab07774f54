/** The closing line of `make test`: what the runner counted, and nothing else. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'closing-line-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Field names as in jest's `--json`. */
function closingLine(...results: Record<string, number>[]): string {
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
