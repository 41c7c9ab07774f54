/** What every provider of the index brings with it, so that a new one is whole. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/config.js';
import { PROVIDER_NAMES, providers, resolveEndpoint } from '../../src/providers/index.js';
import { dialects, type DialectName } from '../../src/wire/index.js';

const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
const localServer = {
  capabilities: () => Promise.resolve({ languages: [], chains: [], speechSources: [], voices: ['kal'] }),
};

describe.each(PROVIDER_NAMES)('the provider %s', (name) => {
  const provider = providers[name];
  const required = provider.required({});
  /** Its own required variables, with a value that their readers accept. */
  const env = Object.fromEntries(required.map((variable) => [variable, valueFor(variable)]));

  it('is listed under its name', () => {
    expect(provider.name).toBe(name);
    expect(example).toMatch(new RegExp(`^# .*\\b${name}\\b`, 'm'));
  });

  it('has its variables in .env.example, and owns those that it requires', () => {
    for (const variable of Object.keys(provider.env))
      expect(example).toMatch(new RegExp(`^#${variable}=`, 'm'));
    expect(Object.keys(provider.env)).toEqual(expect.arrayContaining([...required, ...provider.selectedBy]));
  });

  it('is selected by REALTIME_PROVIDER, and by each of its variables', () => {
    expect(loadConfig({ ...env, REALTIME_PROVIDER: name }).upstream.provider).toBe(name);
    for (const variable of provider.selectedBy) {
      const { upstream } = loadConfig({ ...env, [variable]: valueFor(variable) });
      expect(upstream.provider).toBe(name);
      expect(upstream.why).toContain(variable);
    }
  });

  it.each(Object.keys(dialects) as DialectName[])(
    'is reached and described in the dialect %s',
    async (dialect) => {
      const { upstream } = loadConfig({ ...env, REALTIME_PROVIDER: name, REALTIME_DIALECT: dialect });
      const endpoint = resolveEndpoint(upstream, provider.local ? 'ws://127.0.0.1:1/v1/realtime' : undefined);
      expect(endpoint.url).toMatch(/^wss?:\/\/[^/]+\//);
      expect(endpoint).toMatchObject({ dialect: { name: dialect }, headers: dialects[dialect].headers });
      expect(endpoint.model).not.toBe('');
      expect(provider.transcriptionModel(dialect)).toMatch(/^[\w-]+$/);
      const { languages, voices } = await provider.capabilities(
        dialect,
        provider.local ? localServer : undefined,
      );
      expect(languages === 'any' || Array.isArray(languages)).toBe(true);
      expect(new Set(voices).size).toBe(voices.length);
    },
  );
});

it('no variable belongs to two providers', () => {
  const names = PROVIDER_NAMES.flatMap((name) => Object.keys(providers[name].env));
  expect(new Set(names).size).toBe(names.length);
});

function valueFor(variable: string): string {
  return /URL|ENDPOINT/.test(variable) ? 'https://upstream.example/v1' : 'a-value';
}
