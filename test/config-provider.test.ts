/** Which provider is selected, why, and what it requires. */
import { describe, expect, it } from '@jest/globals';
import { ConfigError, loadConfig } from '../src/config/config.js';

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('the provider', () => {
  const azure = {
    AZURE_OPENAI_ENDPOINT: 'res.openai.azure.com',
    AZURE_OPENAI_API_KEY: 'az-1',
    AZURE_OPENAI_DEPLOYMENT: 'dep',
  };

  it.each([
    [{}, 'offline', 'neither AZURE_OPENAI_API_KEY nor OPENAI_API_KEY'],
    [{ OPENAI_API_KEY: 'sk-1' }, 'openai', 'OPENAI_API_KEY is set'],
    [azure, 'azure', 'AZURE_OPENAI_API_KEY is set.'],
    [{ ...azure, OPENAI_API_KEY: 'sk-1' }, 'azure', 'goes before OPENAI_API_KEY'],
    [
      { ...azure, OPENAI_API_KEY: 'sk-1', REALTIME_PROVIDER: 'openai' },
      'openai',
      'REALTIME_PROVIDER says so',
    ],
    [{ ...azure, REALTIME_PROVIDER: 'Offline' }, 'offline', 'REALTIME_PROVIDER says so'],
    [{ STT_URL: 'http://localhost:8080/inference' }, 'cascade', 'STT_URL is set.'],
    [{ TTS_URL: 'http://localhost:8880/v1', OPENAI_API_KEY: 'sk-1' }, 'openai', 'goes before TTS_URL'],
    [{ REALTIME_PROVIDER: 'cascade' }, 'cascade', 'says so'],
    [{ REALTIME_URL: 'ws://localhost:9090' }, 'offline', 'REALTIME_PROVIDER=compatible'],
    [{ REALTIME_URL: 'ws://localhost:9090', REALTIME_PROVIDER: 'compatible' }, 'compatible', 'says so'],
  ])('with %j is %s, and the log says why', (env, provider, why) => {
    const { upstream } = loadConfig(env);
    expect(upstream.provider).toBe(provider);
    expect(upstream.why).toContain(`The provider is ${provider} because`);
    expect(upstream.why).toContain(why);
    expect(upstream.why).not.toMatch(/sk-1|az-1/);
  });

  it.each([
    [{ REALTIME_PROVIDER: 'openai' }, ['OPENAI_API_KEY']],
    [{ REALTIME_PROVIDER: 'compatible' }, ['REALTIME_URL']],
    [
      { REALTIME_PROVIDER: 'azure' },
      ['AZURE_OPENAI_ENDPOINT', 'AZURE_OPENAI_API_KEY', 'AZURE_OPENAI_DEPLOYMENT'],
    ],
    [
      { AZURE_OPENAI_API_KEY: 'az-1', OPENAI_API_KEY: 'sk-1' },
      ['AZURE_OPENAI_ENDPOINT', 'AZURE_OPENAI_DEPLOYMENT'],
    ],
  ])('with %j is not usable: %j are missing', (env, names) => {
    const faults = faultsOf(env);
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual(names);
    for (const fault of faults) expect(fault).toMatch(/ is missing\. .+ Set .+ REALTIME_PROVIDER\.$/);
  });

  it.each([
    'my-resource',
    'my-resource.openai.azure.com',
    'my-resource.openai.azure.com:443/openai/v1/',
    'https://my-resource.openai.azure.com',
    'https://my-resource.openai.azure.com/openai/v1/realtime',
    'wss://my-resource.cognitiveservices.azure.com/openai/v1',
  ])('azure takes the endpoint %s as it is', (endpoint) => {
    expect(loadConfig({ ...azure, AZURE_OPENAI_ENDPOINT: endpoint }).upstream.azure).toEqual({
      endpoint,
      apiKey: 'az-1',
      deployment: 'dep',
    });
  });

  it.each([
    'https://r.openai.azure.com/openai/realtime?api-version=2024-10-01-preview&deployment=there',
    'r.openai.azure.com/openai/v1/realtime?model=there',
    'https://r.openai.azure.com/openai/deployments/there/chat/completions?api-version=2024-10-01',
  ])('azure finds the deployment in %s, where no variable names another', (endpoint) => {
    const env = { AZURE_OPENAI_ENDPOINT: endpoint, AZURE_OPENAI_API_KEY: 'az-1' };
    expect(loadConfig(env).upstream.azure.deployment).toBe('there');
    expect(loadConfig({ ...env, AZURE_OPENAI_DEPLOYMENT: 'dep' }).upstream.azure.deployment).toBe('dep');
  });
});
