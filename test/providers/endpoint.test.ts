import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/config.js';
import type { Endpoint } from '../../src/providers/endpoint.js';
import { resolveEndpoint } from '../../src/providers/index.js';

function endpoint(env: Record<string, string>): Endpoint {
  return resolveEndpoint(loadConfig(env).upstream, 'ws://127.0.0.1:1234/v1/realtime');
}

describe('OpenAI', () => {
  it('is reached by key as Bearer, with the model in the query and no beta header', () => {
    const { url, headers, model } = endpoint({ OPENAI_API_KEY: 'sk-1' });
    expect(url).toBe('wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1');
    expect(headers).toEqual({ Authorization: 'Bearer sk-1' });
    expect(model).toBe('gpt-realtime-2.1');
  });

  it('gets the beta header with the preview dialect only', () => {
    const { headers } = endpoint({ OPENAI_API_KEY: 'sk-1', REALTIME_DIALECT: 'preview' });
    expect(headers).toEqual({ Authorization: 'Bearer sk-1', 'OpenAI-Beta': 'realtime=v1' });
  });

  it.each([
    ['http://127.0.0.1:9090/v1', 'ws://127.0.0.1:9090/v1/realtime?model=m'],
    ['https://gateway.example/openai/v1/', 'wss://gateway.example/openai/v1/realtime?model=m'],
    ['wss://gateway.example/v1/realtime', 'wss://gateway.example/v1/realtime?model=m'],
  ])('has a base address of its own where one is set: %s', (base, expected) => {
    const { url } = endpoint({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: base, REALTIME_MODEL: 'm' });
    expect(url).toBe(expected);
  });
});

describe('Azure OpenAI', () => {
  const azure = (given: string, more: Record<string, string> = {}): Endpoint =>
    endpoint({
      AZURE_OPENAI_API_KEY: 'k',
      AZURE_OPENAI_ENDPOINT: given,
      AZURE_OPENAI_DEPLOYMENT: 'dep',
      ...more,
    });

  it.each([
    'res.openai.azure.com',
    'https://res.openai.azure.com',
    'https://res.openai.azure.com/',
    'https://res.openai.azure.com/openai/v1',
    'https://res.openai.azure.com/openai/v1/',
    'wss://res.openai.azure.com/openai/v1/realtime?model=dep',
    'https://res.openai.azure.com/openai/realtime?api-version=2025-04-01-preview&deployment=dep',
  ])('takes the endpoint as it was pasted: %s', (given) => {
    const { url, headers, model } = azure(given);
    expect(url).toBe('wss://res.openai.azure.com/openai/v1/realtime?model=dep');
    expect(headers).toEqual({ 'api-key': 'k' });
    expect(model).toBe('dep');
  });

  it('finds the deployment in a pasted address that names one', () => {
    const { url } = endpoint({
      AZURE_OPENAI_API_KEY: 'k',
      AZURE_OPENAI_ENDPOINT: 'https://res.openai.azure.com/openai/realtime?api-version=v&deployment=mine',
    });
    expect(url).toBe('wss://res.openai.azure.com/openai/v1/realtime?model=mine');
  });

  it('has its old address with the preview dialect', () => {
    const preview = { REALTIME_DIALECT: 'preview' };
    expect(azure('res.openai.azure.com', preview).url).toBe(
      'wss://res.openai.azure.com/openai/realtime?api-version=2025-04-01-preview&deployment=dep',
    );
    expect(azure('https://res.openai.azure.com/?api-version=2024-12-17', preview).url).toBe(
      'wss://res.openai.azure.com/openai/realtime?api-version=2024-12-17&deployment=dep',
    );
  });
});

describe('anything compatible', () => {
  const compatible = (more: Record<string, string>): Endpoint =>
    endpoint({ REALTIME_PROVIDER: 'compatible', ...more });

  it('is reached at its address as it is, with no key where none is set', () => {
    const { url, headers } = compatible({ REALTIME_URL: 'wss://speech.example/realtime?x=1' });
    expect(url).toBe('wss://speech.example/realtime?x=1');
    expect(headers).toEqual({});
  });

  it('gets the model in the query when one is set and the address has none', () => {
    const env = { REALTIME_URL: 'wss://speech.example/realtime', REALTIME_API_KEY: 'k', REALTIME_MODEL: 'm' };
    expect(compatible(env).url).toBe('wss://speech.example/realtime?model=m');
    expect(compatible(env).headers).toEqual({ Authorization: 'Bearer k' });
    expect(compatible({ ...env, REALTIME_URL: 'wss://speech.example/realtime?model=n' }).url).toBe(
      'wss://speech.example/realtime?model=n',
    );
  });
});

describe('the offline engine', () => {
  it('is one more address, and nothing above knows', () => {
    expect(endpoint({})).toMatchObject({
      url: 'ws://127.0.0.1:1234/v1/realtime',
      headers: {},
      model: 'offline',
    });
  });
});
