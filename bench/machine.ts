/** Describes the machine that the figures were measured on. */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

/** A sentence for the head of the results, without the name of a host or a person. */
export function describeMachine(runs: number): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memoryGb = Math.round(totalmem() / 1024 ** 3);
  const date = new Date().toISOString().slice(0, 10);
  return [
    `${date}, commit ${commit()}, Node ${process.version}, Linux,`,
    `${availableParallelism()} cores of ${model}, ${memoryGb} GB.`,
    runs === 1 ? 'One run.' : `Medians of ${runs} runs, with the smallest and the largest.`,
  ].join(' ');
}

function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      encoding: 'utf8',
    }).trim();
  try {
    const changed = git('status', '--porcelain', '--', 'src', 'bench', 'package-lock.json')
      .split('\n')
      .some((line) => line !== '' && !line.endsWith('bench/RESULTS.md'));
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? ' with changes' : ''}`;
  } catch {
    return 'unknown';
  }
}
