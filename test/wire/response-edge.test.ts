/** Where responses begin and end is found without parsing frames, and is what parsing them would give. */
import { describe, expect, it } from '@jest/globals';
import { dialects, responseEdge, type ServerEvent } from '../../src/wire/index.js';
import { serverFixtures } from '../support/wire/fixtures.js';

const EDGES: Partial<Record<ServerEvent['type'], string>> = {
  'response.started': 'begins',
  'response.finished': 'ends',
  fault: 'fault',
};

describe.each(['ga', 'preview'] as const)('an edge of a response in %s', (name) => {
  it('is found in every frame that is one, and in no other', () => {
    const seen = new Set<string | undefined>();
    for (const { frame, event } of serverFixtures(name)) {
      const edge = responseEdge(JSON.stringify(frame));
      expect({ type: event.type, edge }).toEqual({ type: event.type, edge: EDGES[event.type] });
      seen.add(edge);
    }
    expect(seen).toEqual(new Set(['begins', 'ends', 'fault', undefined]));
  });

  it('is not found in the text of an answer', () => {
    const frame = dialects[name].encodeServer({
      ...{ type: 'text.delta', responseId: 'r', itemId: 'i', outputIndex: 0, contentIndex: 0 },
      delta: 'Look: {"type":"response.done"} and {"type": "error"}',
    });
    expect(responseEdge(frame ?? '')).toBeUndefined();
  });
});
