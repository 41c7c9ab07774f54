/** `npm run soak`: runs it, tells how it was, and ends with 1 where something was not as it should be. */
import { readOptions, USAGE, type Options } from './options.js';
import { describe, judge } from './report.js';
import { soak } from './soak.js';

function options(): Options {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  }
}

const interruption = new AbortController();
process.once('SIGINT', () => {
  console.log('\nending early');
  interruption.abort();
});

const outcome = await soak(options(), interruption.signal);
console.log(describe(outcome));
const findings = judge(outcome);
console.log(
  findings.length === 0 ? '\nnothing found' : `\n${findings.map((each) => `- ${each}`).join('\n')}`,
);
process.exit(findings.length === 0 ? 0 : 1);
