/** `npm run soak`: runs the soak, prints the report, and exits with 1 if there are findings. */
import { readOptions, USAGE, type Options } from './options.js';
import { formatReport, findingsOf } from './report.js';
import { soak } from './soak.js';

function parseOptions(): Options {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  }
}

const interrupted = new AbortController();
process.once('SIGINT', () => {
  console.log('\nending early');
  interrupted.abort();
});

const outcome = await soak(parseOptions(), interrupted.signal);
console.log(formatReport(outcome));
const findings = findingsOf(outcome);
console.log(
  findings.length === 0 ? '\nnothing found' : `\n${findings.map((each) => `- ${each}`).join('\n')}`,
);
process.exit(findings.length === 0 ? 0 : 1);
