/** The front of the original project's client: it may send unknown fields, and reads one form of answer. */
import { fieldNames, normalizeFields, validate, type Fields } from '../body/fields.js';
import { writeProblem } from '../problem.js';
import { originalSchema } from '../schemas.js';
import type { Front } from './front.js';
import { questionFaults, toRequest } from './native.js';
import { sendOriginalJson } from './responses.js';

export function originalFront(maxTextChars: number): Front {
  const schema = originalSchema(maxTextChars);
  const names = fieldNames(schema);
  return {
    path: '/api/RealTime/AudioTranslate',
    parse: (req, sent, uploadMs) => {
      const fields = withoutIgnored(normalizeFields(sent, names, 'ignored'));
      const values = validate(fields, schema, questionFaults(fields));
      return toRequest(req, values, values.target, fields, uploadMs);
    },
    respond: (_req, res) => ({
      send: (result) => {
        sendOriginalJson(res, result);
      },
    }),
    error: writeProblem,
  };
}

/** A text takes precedence over a recording; a prompt beside a session is ignored. */
function withoutIgnored(fields: Fields): Fields {
  const { file, prompt, ...values } = fields.values;
  return {
    ...fields,
    values: {
      ...values,
      ...(values.text === undefined && { file }),
      ...(values.connectId === undefined && { prompt }),
    },
  };
}
