/** The frames in the documentation are valid. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ga } from '../../src/wire/index.js';

const text = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
const frames = [...text.matchAll(/```json\n([^`]*)```/g)].map((match) => match[1] ?? '');

describe('docs/protocol.md', () => {
  it('shows the prompt item and the request that refers to it', () => {
    const events = frames.map((frame) => ga.decodeClient(frame));
    expect(events).toMatchObject([
      { kind: 'event', event: { type: 'item.create', item: { id: 'prompt_1f3a', role: 'system' } } },
      {
        kind: 'event',
        event: {
          type: 'response.create',
          eventId: 'req_42',
          response: {
            conversation: 'none',
            metadata: { request_id: 'req_42' },
            input: [{ reference: 'prompt_1f3a' }, { role: 'user' }],
          },
        },
      },
    ]);
  });
});
