/** The GA dialect (2025): nested sessions, `response.output_*`, items that are added and then done. */
import { createDialect, type DialectSpec } from '../dialect.js';
import { GA_NAMES } from '../names.js';
import { assistantParts, looseResponse, strictRequest, writeRequest, writeResponse } from './response.js';
import { declareRate, looseView, strictSettings, writeSettings, writeView } from './session.js';

export const spec = {
  name: 'ga',
  headers: {},
  names: GA_NAMES,
  parts: assistantParts,
  session: { writeSettings, writeView, strictSettings, looseView },
  response: { writeRequest, writeResponse, strictRequest, looseResponse },
  declareRate: (settings, rate) => declareRate(writeSettings(settings), rate),
  mutedTurnDetection: null,
  hearsInput: false,
} as const satisfies DialectSpec;

export const ga = createDialect(spec);
