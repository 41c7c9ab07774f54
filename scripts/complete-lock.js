/**
 * Adds to package-lock.json the platform packages that npm left out, so that `npm ci` takes the lock everywhere.
 *
 * A registry mirror that holds the packages of some platforms only makes `npm install` write a lock without the others,
 * and `npm ci` then refuses that lock ("Missing: … from lock file"), on the mirror and off it. Their versions are pinned
 * by the package that asks for them; what cannot be known here is their integrity, so those entries have none.
 * Run it after adding or updating a package: node scripts/complete-lock.js
 */
import { readFileSync, writeFileSync } from 'node:fs';

const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const CPUS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];
const CPU_OF_ABI = { armv7: 'arm', riscv: 'riscv64' };

/** What `@scope/binding-linux-arm64-musl` says of its platform; npm skips what does not fit the machine. */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = SYSTEMS.find((system) => words.includes(system));
  const word = words.find((each) => CPUS.includes(each) || each in CPU_OF_ABI);
  const cpu = CPU_OF_ABI[word] ?? word;
  const libc =
    os === 'linux' &&
    (words.some((each) => each.startsWith('musl'))
      ? 'musl'
      : words.some((each) => each.startsWith('gnu')) && 'glibc');
  return { ...(os && { os: [os] }), ...(cpu && { cpu: [cpu] }), ...(libc && { libc: [libc] }) };
}

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
const added = [];

for (const [path, parent] of Object.entries(lock.packages)) {
  if (path === '') continue;
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    if (`node_modules/${name}` in lock.packages || `${path}/node_modules/${name}` in lock.packages) continue;
    const { os, cpu, libc } = platformOf(name);
    if (!/^\d+\.\d+\.\d+/.test(version) || !(os || cpu)) {
      console.error(
        `${name}@${version}, wanted by ${path}, is not in the lock and names no platform: left as it is.`,
      );
      continue;
    }
    const kind = parent.dev ? { dev: true } : parent.devOptional ? { devOptional: true } : {};
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu,
      ...(libc && { libc }),
      ...kind,
      optional: true,
      os,
    };
    added.push(`${name}@${version}`);
  }
}

if (added.length > 0) {
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
}
console.log(
  added.length > 0
    ? `Added to package-lock.json:\n  ${added.join('\n  ')}`
    : 'package-lock.json is complete.',
);
