/**
 * Writes docs/licences.md, the licences of everything that the service ships with, from package-lock.json. Fails on a
 * licence that has not been reviewed.
 *
 *   node scripts/licences.js            writes docs/licences.md
 *   node scripts/licences.js --check    fails if the file is out of date
 *
 * A folder as the last argument replaces this project.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** They require only their notice, which the packages contain. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
]);

/** Reviewed one by one. */
const EXCEPTIONS = {
  'ffmpeg-static': [
    'GPL-3.0-or-later',
    'optional, and not in the image; a separate program that is run, not linked',
  ],
};

/** Licences that package-lock.json lacks, taken from the LICENSE files of the packages. */
const ELSEWHERE = {
  'async@0.2.10': 'MIT',
  'busboy@1.6.0': 'MIT',
  'parse-cache-control@1.0.1': 'BSD-3-Clause',
  'streamsearch@1.1.0': 'MIT',
};

/** Of vue's dependencies the page contains only the runtime; its compiler is used at build time. */
const RUNTIME_OF = { vue: ['vue', '@vue/runtime-dom'] };

/** From /usr/share/doc/PACKAGE/copyright. They are separate programs, run as processes, never linked. */
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

/** Breaks a paragraph or list item at 118 characters; `indent` starts the following lines. */
const wrap = (text, indent = '') => text.replace(/(?![^\n]{1,118}$)([^\n]{1,118})\s/g, `$1\n${indent}`);

const nameOf = (path) => path.replace(/^.*node_modules\//, '');

function licenceOf(path) {
  const { version, license } = packages[path];
  const name = nameOf(path);
  const licence = license ?? ELSEWHERE[`${name}@${version}`];
  if (licence === undefined)
    faults.push(`${name} ${version} states no licence: read it, and add it to ELSEWHERE.`);
  else if (!ALLOWED.has(licence) && EXCEPTIONS[name]?.[0] !== licence)
    faults.push(`${name} ${version} is under ${licence}, which is not an allowed licence.`);
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
    .map(([licence, entries]) =>
      wrap(
        `- **${licence}**: ${[...new Set(entries)].sort((a, b) => a.localeCompare(b, 'en')).join(', ')}`,
        '  ',
      ),
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

${wrap(
  `The licences of everything that the service ships with, written by \`npm run licences\`. \`npm run lint\` fails if this list is out of date or a licence is not allowed (${[...ALLOWED].join(', ')}). The service itself is under the [MIT licence](../LICENSE).`,
)}

## npm packages of the server

${listed(shipped)}

${exceptions.join('\n')}

## In the page

${listed(bundled())}

## Debian packages

Separate programs, run as processes and never linked. Their licence texts are in \`/usr/share/doc/*/copyright\`. The Redis
of \`compose.yaml\` is a separate image (from 7.4 on under RSALv2 or SSPLv1).

${debian()}
`;

const file = join(root, 'docs/licences.md');
if (faults.length === 0 && !isCheck) writeFileSync(file, text);
const isCurrent = existsSync(file) && readFileSync(file, 'utf8') === text;
if (isCheck && !isCurrent) faults.push('docs/licences.md is out of date: run `npm run licences`.');
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
