/** Summarises the profiles that `node --cpu-prof` wrote: self time by module and by function. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** The node that was on top at each sample. */
  readonly samples: readonly number[];
  /** Microseconds between a sample and the one before it. */
  readonly timeDeltas: readonly number[];
}

const TOP_FUNCTIONS = 30;
/** Idle time does not count. */
const IDLE = '(idle)';

/** One report for each profile in the folder, the busiest first. */
export async function describeProfiles(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.cpuprofile'));
  const profiles = await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(path.join(folder, name), 'utf8')) as CpuProfile),
  );
  return profiles
    .map(selfTimes)
    .toSorted((a, b) => total(b) - total(a))
    .map(report)
    .join('\n\n');
}

interface SelfTime {
  readonly module: string;
  readonly name: string;
  ms: number;
}

function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): SelfTime[] {
  const byNode = new Map<number, SelfTime>();
  const byFunction = new Map<string, SelfTime>();
  for (const { id, callFrame } of nodes) {
    const module = moduleOf(callFrame.url, callFrame.functionName);
    const line = callFrame.url === '' ? '' : `:${callFrame.lineNumber + 1}`;
    const name = `${callFrame.functionName === '' ? '(anonymous)' : callFrame.functionName}${line}`;
    const key = `${module} ${name}`;
    const time = byFunction.get(key) ?? { module, name, ms: 0 };
    byFunction.set(key, time);
    byNode.set(id, time);
  }
  for (const [index, id] of samples.entries()) {
    const time = byNode.get(id);
    if (time !== undefined) time.ms += (timeDeltas[index] ?? 0) / 1000;
  }
  return [...byFunction.values()].filter(({ name }) => name !== IDLE);
}

/** A file of this project, a package, a part of Node, or a part of V8. */
function moduleOf(url: string, functionName: string): string {
  if (url === '') return functionName.startsWith('(') ? functionName : 'native';
  if (url.startsWith('node:')) return url;
  const ours = /\/dist\/(.*)\.js$/.exec(url)?.[1];
  const packaged = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  return packaged ?? (ours === undefined ? url : `src/${ours}`);
}

function total(times: readonly SelfTime[]): number {
  return times.reduce((sum, { ms }) => sum + ms, 0);
}

function report(times: readonly SelfTime[]): string {
  const whole = total(times);
  const byModule = new Map<string, number>();
  for (const { module, ms } of times) byModule.set(module, (byModule.get(module) ?? 0) + ms);
  const line = (ms: number, text: string): string =>
    `${((100 * ms) / whole).toFixed(1).padStart(6)} %  ${ms.toFixed(0).padStart(7)} ms  ${text}`;
  const modules = [...byModule]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, TOP_FUNCTIONS)
    .map(([module, ms]) => line(ms, module));
  const functions = times
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, TOP_FUNCTIONS)
    .map(({ module, name, ms }) => line(ms, `${module}  ${name}`));
  return [
    `${whole.toFixed(0)} ms of work`,
    '',
    'by module',
    ...modules,
    '',
    'by function',
    ...functions,
  ].join('\n');
}
