/** The preview dialect of 2024: flat sessions, `response.text.*`, items that are reported once, when they are created. */
import { createDialect, type DialectSpec } from '../dialect.js';
import { PREVIEW_NAMES } from '../names.js';
import { assistantParts, looseResponse, strictRequest, writeRequest, writeResponse } from './response.js';
import { looseView, strictSettings, writeSettings, writeView } from './session.js';

export const spec = {
  name: 'preview',
  headers: { 'OpenAI-Beta': 'realtime=v1' },
  names: PREVIEW_NAMES,
  parts: assistantParts,
  session: { writeSettings, writeView, strictSettings, looseView },
  response: { writeRequest, writeResponse, strictRequest, looseResponse },
  declareRate: null,
  // Complete: speaches takes an incomplete one for none at all.
  mutedTurnDetection: {
    type: 'server_vad',
    threshold: 1,
    prefixPaddingMs: 0,
    silenceDurationMs: 550,
    createResponse: false,
  },
  hearsInput: false,
} as const satisfies DialectSpec;

export const preview = createDialect(spec);
