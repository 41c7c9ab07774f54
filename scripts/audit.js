/**
 * Fails where npm knows of a vulnerability, high or critical, in what is installed. A registry that does not answer such
 * questions (many mirrors do not) is not a finding: the script reports that and passes.
 */
import { spawnSync } from 'node:child_process';

const { stdout, error } = spawnSync('npm', ['audit', '--json'], { encoding: 'utf8', timeout: 120_000 });

/** undefined where npm said nothing that can be read. */
function readReport() {
  try {
    return JSON.parse(stdout);
  } catch {
    return undefined;
  }
}

const report = readReport();
if (report?.vulnerabilities === undefined) {
  const why = error?.message ?? report?.message ?? report?.error?.summary ?? 'npm gave no report';
  console.log(`NOT CHECKED for known vulnerabilities: the registry cannot be asked (${why}).`);
} else {
  const found = Object.values(report.vulnerabilities);
  const grave = found.filter(({ severity }) => severity === 'high' || severity === 'critical');
  for (const { name, severity, range } of grave) console.error(`${severity}: ${name} ${range}`);
  console.log(
    `Known vulnerabilities: ${grave.length} high or critical, ${found.length - grave.length} lesser. ` +
      (grave.length > 0 ? 'See `npm audit`.' : ''),
  );
  process.exitCode = grave.length > 0 ? 1 : 0;
}
