/** One list of audio formats, wherever the service tells which it takes. */
import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { AUDIO_FORMATS } from '../../src/audio/containers/formats.js';
import { AudioNormalizer } from '../../src/audio/normalize.js';
import { acceptAttribute, parseCapabilities } from '../../web/src/api/capabilities.js';
import { startHttp, type HttpFixture } from '../support/http.js';

const LISTED = AUDIO_FORMATS.join(', ');

let http: HttpFixture | undefined;
afterEach(() => http?.close());

describe('the formats of recordings', () => {
  it('are the same in the capabilities, and in what the page offers to choose', async () => {
    http = await startHttp();
    const { body } = (await request(http.url).get('/api/capabilities')) as { body: Record<string, unknown> };
    expect(body.formats).toEqual([...AUDIO_FORMATS]);
    const offered = acceptAttribute(parseCapabilities(body).formats).split(',');
    expect(offered).toEqual(['audio/*', ...AUDIO_FORMATS.map((format) => `.${format}`)]);
  });

  it('are the same in the OpenAPI document', async () => {
    http = await startHttp();
    const answer = await request(http.url).get('/openapi.json');
    expect(answer.body).toMatchObject({
      components: {
        schemas: {
          TranslateForm: { properties: { file: { description: expect.stringContaining(`: ${LISTED}.`) } } },
          OriginalForm: { properties: { files: expect.anything() } },
          Capabilities: { properties: { formats: { examples: [[...AUDIO_FORMATS]] } } },
        },
      },
    });
  });

  it('are the same in the sentence that refuses others', async () => {
    const normalizer = new AudioNormalizer({ concurrency: 1, timeoutMs: 1000, maxSeconds: 1 });
    const refused = normalizer.normalize(Buffer.from('hello'));
    await expect(refused).rejects.toMatchObject({ status: 415 });
    await expect(refused).rejects.toThrow(`Supported are ${LISTED}.`);
  });

  it('are the same in the README', async () => {
    const readme = (await readFile('README.md', 'utf8')).replace(/\s+/g, ' ');
    expect(readme).toContain(`Recordings: ${LISTED}.`);
  });
});
