/** The request of a translation as code, and its answer as JSON: what this page sends, for a program to send. */
import { AUTO } from '../../language-options.js';
import type { Profile } from '../../api/translate.js';
import type { Item } from '../../store/item.js';

export const SAMPLE_LANGUAGES = ['curl', 'JavaScript', 'Python'] as const;

export type SampleLanguage = (typeof SAMPLE_LANGUAGES)[number];

export interface SampleRequest {
  /** Of the service, e.g. `https://translate.example.org` */
  readonly origin: string;
  readonly profile: Readonly<Profile>;
  /** A text, or the name of a file. */
  readonly input: { readonly text: string } | { readonly file: string };
  /** Whether the service requires a key; it is never the real one. */
  readonly needsKey: boolean;
}

const PATH = '/api/realtime/translate';
const PLACEHOLDER = 'YOUR_API_KEY';

export function sampleOf(language: SampleLanguage, request: SampleRequest): string {
  if (language === 'curl') return curl(request);
  return language === 'JavaScript' ? javascript(request) : python(request);
}

/** What the service answers, as far as the page keeps it. */
export function answerOf({ text, source, target, transcript, detectedSource, model, usage }: Item): string {
  return JSON.stringify({ text, source, target, transcript, detectedSource, model, usage }, null, 2);
}

/** The fields of the request; what is empty is the default of the service. */
function fieldsOf({ profile, input }: SampleRequest): [string, string][] {
  const { source, target, prompt } = profile;
  const given = { source: source === AUTO ? '' : source, target, prompt };
  const fields = Object.entries(
    'text' in input ? { text: input.text, ...given } : { ...given, transcript: 'true' },
  );
  return fields.filter(([, value]) => value !== '');
}

function curl(request: SampleRequest): string {
  const { origin, input, needsKey } = request;
  const key = needsKey ? [`-H 'Authorization: Bearer ${PLACEHOLDER}'`] : [];
  // --form-string takes the text as it is, where -F would read a file for a leading @ or <.
  const fields = fieldsOf(request).map(([name, value]) => `--form-string ${shellQuoted(`${name}=${value}`)}`);
  const file =
    'file' in input ? [`-F ${shellQuoted(`file=@"${input.file.replace(/["\\]/g, '\\$&')}"`)}`] : [];
  return [`curl ${origin}${PATH}`, ...key, ...fields, ...file].join(' \\\n  ');
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function javascript(request: SampleRequest): string {
  const { origin, input, needsKey } = request;
  const url = JSON.stringify(origin + PATH);
  const key = needsKey ? `Authorization: 'Bearer ${PLACEHOLDER}'` : '';
  if ('text' in input) {
    const headers = ["'Content-Type': 'application/json'", ...(key ? [key] : [])].join(', ');
    const body = JSON.stringify(Object.fromEntries(fieldsOf(request)), null, 2).replaceAll('\n', '\n  ');
    return `const response = await fetch(${url}, {
  method: 'POST',
  headers: { ${headers} },
  body: JSON.stringify(${body}),
});
const { text } = await response.json();
console.log(text);`;
  }
  const name = JSON.stringify(input.file);
  const fields = fieldsOf(request).map(
    ([field, value]) => `form.set(${JSON.stringify(field)}, ${JSON.stringify(value)});`,
  );
  return `import { openAsBlob } from 'node:fs';

const form = new FormData();
${[...fields, `form.set('file', await openAsBlob(${name}), ${name});`].join('\n')}
const response = await fetch(${url}, { method: 'POST',${key ? ` headers: { ${key} },` : ''} body: form });
const { text, transcript } = await response.json();
console.log(transcript, text);`;
}

function python(request: SampleRequest): string {
  const { origin, input, needsKey } = request;
  const fields = JSON.stringify(Object.fromEntries(fieldsOf(request)), null, 4).replaceAll('\n', '\n    ');
  const headers = needsKey ? [`    headers={"Authorization": "Bearer ${PLACEHOLDER}"},`] : [];
  const body =
    'text' in input
      ? [`    json=${fields},`]
      : [`    data=${fields},`, `    files={"file": open(${JSON.stringify(input.file)}, "rb")},`];
  return [
    'import requests',
    '',
    'response = requests.post(',
    `    ${JSON.stringify(origin + PATH)},`,
    ...headers,
    ...body,
    ')',
    'print(response.json()["text"])',
  ].join('\n');
}
