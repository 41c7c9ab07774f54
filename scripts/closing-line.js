/**
 * Prints the ten slowest test files and, alone on the last line, how many tests passed and failed.
 * The arguments are the files that `jest --json --outputFile` wrote, one for each run.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const SHOWN = 10;

const totals = { passed: 0, failed: 0, skipped: 0 };
const durations = [];
for (const path of process.argv.slice(2)) {
  const result = JSON.parse(readFileSync(path, 'utf8'));
  totals.passed += result.numPassedTests;
  // A file that could not be run at all counts as one failed test.
  totals.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
  totals.skipped += result.numPendingTests + result.numTodoTests;
  for (const { name, startTime, endTime } of result.testResults ?? [])
    durations.push({ file: relative('.', name), seconds: (endTime - startTime) / 1_000 });
}

const slowest = durations.sort((a, b) => b.seconds - a.seconds).slice(0, SHOWN);
if (slowest.length > 0) console.log('Slowest files:');
for (const { file, seconds } of slowest) console.log(`${seconds.toFixed(1).padStart(7)} s  ${file}`);

const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
console.log(`${totals.passed} passed, ${totals.failed} failed${skipped}`);
