/** Operations that answer with the page, and with the documents that describe the service. */
import { HTML_TYPE, JSON_TYPE, type Operation } from './operation.js';

const document = (id: string, summary: string, type: string): Operation => ({
  id,
  tag: 'Documents',
  summary,
  answers: {
    200: { description: 'Here it is.', content: { [type]: {} }, headers: ['ETag'] },
    304: { description: 'The one that you have (`If-None-Match`) is the same.', headers: ['ETag'] },
  },
  problems: [],
});

export const DOCUMENT_OPERATIONS = {
  getPage: document('getPage', 'The page', HTML_TYPE),
  getOpenApi: document('getOpenApi', 'This document', JSON_TYPE),
  getAsyncApi: document('getAsyncApi', 'The events of the WebSockets, as AsyncAPI 3.0', JSON_TYPE),
  getDocs: {
    id: 'getDocs',
    tag: 'Documents',
    summary: 'This document to read and to try',
    answers: { 200: { description: 'The page.', content: { [HTML_TYPE]: {} } } },
    problems: [],
  },
} satisfies Record<string, Operation>;
