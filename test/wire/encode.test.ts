/** What is encoded is what the reference's examples show, field for field. */
import { describe, expect, it } from '@jest/globals';
import { clientDialects } from '../../src/wire/index.js';
import { clientFixtures } from '../support/wire/fixtures.js';

describe.each(Object.values(clientDialects))('in $name', (dialect) => {
  const examples = clientFixtures(dialect.name).filter(({ source }) =>
    source.startsWith('reference example'),
  );

  it.each(examples)('is written as shown: $source', ({ frame, event }) => {
    expect(JSON.parse(dialect.encodeClient(event))).toEqual(frame);
  });

  it('the first field of every frame is its type, so that a log shows it', () => {
    expect(dialect.encodeClient({ type: 'buffer.append', eventId: 'e1', audio: Buffer.from([0, 255]) })).toBe(
      '{"type":"input_audio_buffer.append","event_id":"e1","audio":"AP8="}',
    );
  });

  it('recordings are in their places, whatever the strings beside them', () => {
    const tricky = 'di «ñ, 中文» "audio":null, "audio":"" and \\"audio\\":null';
    const frame = dialect.encodeClient({
      type: 'response.create',
      response: {
        metadata: { note: tricky },
        input: [
          { role: 'system', parts: [{ type: 'text', text: tricky }] },
          { reference: 'prompt' },
          { role: 'user', parts: [{ type: 'audio', audio: Buffer.from([1, 2]) }] },
          {
            role: 'user',
            parts: [
              { type: 'audio', audio: Buffer.alloc(0) },
              { type: 'text', text: tricky },
              { type: 'audio', audio: Buffer.from([3, 4]) },
            ],
          },
        ],
      },
    });
    const decoded = dialect.decodeClient(frame);
    expect(decoded).toMatchObject({
      kind: 'event',
      event: {
        response: {
          metadata: { note: tricky },
          input: [
            { parts: [{ text: tricky }] },
            { reference: 'prompt' },
            { parts: [{ audio: Buffer.from([1, 2]) }] },
            { parts: [{ audio: Buffer.alloc(0) }, { text: tricky }, { audio: Buffer.from([3, 4]) }] },
          ],
        },
      },
    });
  });

  it.each([0, 1, 49_151, 49_152, 49_153, 200_000])('a recording of %i bytes is complete', (length) => {
    const audio = Buffer.alloc(length, 'samples of any kind');
    const frame = dialect.encodeClientFrame({
      type: 'response.create',
      response: { input: [{ role: 'user', parts: [{ type: 'audio', audio }] }] },
    });
    expect(Buffer.isBuffer(frame)).toBe(true);
    const { response } = JSON.parse(frame.toString()) as {
      response: { input: [{ content: [{ audio: string }] }] };
    };
    expect(response.input[0].content[0].audio).toBe(audio.toString('base64'));
  });

  it('an absent setting is left out, an empty or switched-off one is not', () => {
    const frame = dialect.encodeClient({
      type: 'session.configure',
      session: { instructions: '', tools: [] },
    });
    expect(JSON.parse(frame)).toMatchObject({ session: { instructions: '', tools: [] } });
    expect(frame).not.toMatch(/turn_detection|voice|modalities|undefined/);
    expect(dialect.encodeClient({ type: 'session.configure', session: { turnDetection: null } })).toContain(
      '"turn_detection":null',
    );
  });
});

describe('a session as a server reports it', () => {
  const session = { id: 'sess_1', output: 'audio', voice: 'marin', inputFormat: 'pcm16' } as const;

  it('is nested in ga', () => {
    const frame = clientDialects.ga.encodeServer({ type: 'session.created', session }) ?? '';
    expect(JSON.parse(frame)).toMatchObject({
      type: 'session.created',
      session: {
        type: 'realtime',
        object: 'realtime.session',
        id: 'sess_1',
        output_modalities: ['audio'],
        audio: {
          input: { format: { type: 'audio/pcm', rate: 24000 } },
          output: { voice: 'marin', speed: 1 },
        },
      },
    });
  });

  it('is flat in preview', () => {
    const frame = clientDialects.preview.encodeServer({ type: 'session.created', session }) ?? '';
    const written = JSON.parse(frame) as { session: object };
    expect(written).toMatchObject({
      session: {
        object: 'realtime.session',
        id: 'sess_1',
        modalities: ['audio', 'text'],
        input_audio_format: 'pcm16',
        voice: 'marin',
      },
    });
    expect(written.session).not.toHaveProperty('type');
    expect(written.session).not.toHaveProperty('audio');
  });
});

describe('a response as a server reports it', () => {
  it('counts its tokens by kind, in both clientDialects', () => {
    const usage = { inputTokens: 41, outputTokens: 6, totalTokens: 47, inputAudioTokens: 30 };
    const response = { id: 'resp_1', status: 'completed', output: [], usage } as const;
    for (const dialect of Object.values(clientDialects)) {
      expect(JSON.parse(dialect.encodeServer({ type: 'response.finished', response }) ?? '')).toMatchObject({
        response: {
          object: 'realtime.response',
          metadata: null,
          usage: {
            total_tokens: 47,
            input_token_details: { text_tokens: 11, audio_tokens: 30 },
            output_token_details: { text_tokens: 6, audio_tokens: 0 },
          },
        },
      });
    }
  });
});
