/**
 * Who wrote what the service ships with, and on which terms: makes docs/licences.md from package-lock.json, and fails on a
 * licence that nobody has looked at yet.
 *
 *   node scripts/licences.js            writes docs/licences.md
 *   node scripts/licences.js --check    fails where it would be written differently
 *
 * A folder as the last argument is looked at in the place of this project.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** They ask for no more than their notice, which the packages carry with them. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
]);

/** Looked at one by one. */
const EXCEPTIONS = {
  'ffmpeg-static': [
    'GPL-3.0-or-later',
    'optional, and not in the image; a program of its own that is run, not linked',
  ],
};

/** What these packages say in another place than `license` of package-lock.json: read in their LICENSE files. */
const ELSEWHERE = {
  'async@0.2.10': 'MIT',
  'busboy@1.6.0': 'MIT',
  'parse-cache-control@1.0.1': 'BSD-3-Clause',
  'streamsearch@1.1.0': 'MIT',
};

/** Of vue's dependencies the page holds the runtime alone; its compiler stays on the machine that builds. */
const RUNTIME_OF = { vue: ['vue', '@vue/runtime-dom'] };

/** /usr/share/doc/PACKAGE/copyright of each. They are programs of their own, run as processes, never linked. */
const DEBIAN = {
  ffmpeg: 'GPL-2.0-or-later as Debian builds it (the source is LGPL-2.1-or-later)',
  'apertium-eng-spa': 'GPL-2.0; apertium itself GPL-2.0-or-later',
  'apertium-eng-cat': 'GPL-3.0-or-later',
  'apertium-es-pt': 'GPL-2.0',
  'apertium-fr-es': 'GPL-2.0',
  pocketsphinx: 'BSD-2-Clause',
  'pocketsphinx-en-us': 'BSD-2-Clause',
  flite: 'BSD-like (Carnegie Mellon University)',
  'espeak-ng': 'GPL-3.0-or-later',
  tini: 'MIT',
};

const args = process.argv.slice(2);
const isCheck = args.includes('--check');
const root = args.find((arg) => !arg.startsWith('--')) ?? fileURLToPath(new URL('..', import.meta.url));
const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
const faults = [];

const nameOf = (path) => path.replace(/^.*node_modules\//, '');

function licenceOf(path) {
  const { version, license } = packages[path];
  const name = nameOf(path);
  const licence = license ?? ELSEWHERE[`${name}@${version}`];
  if (licence === undefined)
    faults.push(`${name} ${version} states no licence: read it, and add it to ELSEWHERE.`);
  else if (!ALLOWED.has(licence) && EXCEPTIONS[name]?.[0] !== licence)
    faults.push(`${name} ${version} is under ${licence}, which is not among those allowed.`);
  return licence ?? 'unknown';
}

/** `## MIT` and the packages below it. */
function listed(paths) {
  const byLicence = new Map();
  for (const path of paths) {
    const licence = licenceOf(path);
    const entry = `${nameOf(path)} ${packages[path].version}`;
    byLicence.set(licence, [...(byLicence.get(licence) ?? []), entry]);
  }
  return [...byLicence]
    .sort(([a], [b]) => a.localeCompare(b, 'en'))
    .map(
      ([licence, entries]) =>
        `- **${licence}**: ${[...new Set(entries)].sort((a, b) => a.localeCompare(b, 'en')).join(', ')}`,
    )
    .join('\n');
}

/** The packages that the page imports, and theirs. */
function bundled() {
  const web = join(root, 'web/src');
  const files = existsSync(web) ? readdirSync(web, { recursive: true }).map((name) => join(web, name)) : [];
  const imported = files
    .filter((file) => /\.(ts|vue)$/.test(file))
    .flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/^import [^;]*?from '([^.'][^']*)'/gm)].map(([, name]) => name),
    );
  const found = new Set();
  const visit = (name) => {
    const path = `node_modules/${name}`;
    if (found.has(path) || packages[path] === undefined) return;
    found.add(path);
    for (const next of RUNTIME_OF[name] ?? Object.keys(packages[path].dependencies ?? {})) visit(next);
  };
  imported.forEach(visit);
  return [...found];
}

function debian() {
  const wanted = ['run', 'image'].flatMap((list) =>
    readFileSync(join(root, `scripts/packages-${list}.txt`), 'utf8')
      .split('\n')
      .map((line) => line.replace(/#.*/, '').trim().split(/\s+/)[0])
      .filter((name) => name !== ''),
  );
  for (const name of wanted.filter((each) => !(each in DEBIAN)))
    faults.push(`The Debian package ${name} is not in DEBIAN: read its copyright file, and add it.`);
  return wanted.map((name) => `- **${name}**: ${DEBIAN[name]}`).join('\n');
}

const shipped = Object.keys(packages).filter((path) => path !== '' && !packages[path].dev);
const exceptions = Object.entries(EXCEPTIONS).map(([name, [, why]]) => `${name} is ${why}.`);
const text = `# Licences

What the service ships with, made by \`npm run licences\`; \`npm run lint\` fails where this list is out of date or a licence is not among those allowed (${[...ALLOWED].join(', ')}). The service itself is under the [MIT licence](../LICENSE).

## npm packages of the server

${listed(shipped)}

${exceptions.join('\n')}

## In the page

${listed(bundled())}

## Debian packages

Programs of their own, run as processes and never linked. Their texts lie in \`/usr/share/doc/*/copyright\`. The Redis of \`compose.yaml\` is an image of its own (from 7.4 on under RSALv2 or SSPLv1).

${debian()}
`;

const file = join(root, 'docs/licences.md');
if (faults.length === 0 && !isCheck) writeFileSync(file, text);
const isCurrent = existsSync(file) && readFileSync(file, 'utf8') === text;
if (isCheck && !isCurrent) faults.push('docs/licences.md is out of date: run `npm run licences`.');
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
