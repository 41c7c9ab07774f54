/** Every rule of the architecture finds its breach, and leaves alone what only looks like one. */
import { describe, expect, it } from '@jest/globals';
import { RULES } from './rules.js';
import { parseSource, type Source } from './source.js';

type Files = Readonly<Record<string, string>>;

function parse(files: Files): Source[] {
  return Object.entries(files).map(([path, text]) => parseSource(path, text));
}

/** For each rule: sources that break it, each a breach of its own. */
const BROKEN: Readonly<Record<string, Files>> = {
  'wire/ imports nothing of ours': {
    'wire/ga.ts': "import { GatewayError } from '../errors.js';",
    'wire/index.ts': "export type { Session } from '../session/profile.js';",
  },
  'of wire/ only its index is imported from outside': {
    'upstream/demux.ts': "import type { ServerEvent } from '../wire/events.js';",
    'translate/translate.ts': "const { ga } = await import('../wire/ga/ga.js');",
  },
  'upstream/ knows no pool, session, audio or http': {
    'upstream/connection.ts': "import { Pool } from '../pool/pool.js';",
    'upstream/pending-response.ts': "type Profile = import('../session/profile.js').Session;",
  },
  'pool/ knows no session, audio or http': { 'pool/pool.ts': "import '../audio/wav/wav.js';" },
  'session/ knows no pool, upstream, http or audio': {
    'session/registry.ts': "export * from '../pool/pool.js';",
  },
  'audio/ knows nothing of ours but errors and the semaphore': {
    'audio/normalize.ts': "import { createLogger } from '../telemetry/logger.js';",
  },
  'subtitles/ knows nothing of ours but segments of speech': {
    'subtitles/cues.ts': "import { Segmenter } from '../audio/speech/segmenter.js';",
    'subtitles/formats.ts': "import { GatewayError } from '../errors.js';",
  },
  'jobs/ knows no http, relay or gateway': { 'jobs/runner.ts': `import { x } from '../http/problem.js';` },
  'BullMQ stays in the queue of several nodes': { 'jobs/local-queue.ts': `import { Queue } from 'bullmq';` },
  'recordings/ knows no http or relay': {
    'recordings/bad.ts': `import '../http/response.js';`,
  },
  'http/ knows no pool, upstream, wire, store or ffmpeg': {
    'http/routes.ts': "import { Pool } from '../pool/pool.js';",
    'http/health.ts': "import { MemoryStore } from '../session/memory-store.js';",
    'http/body/upload-sink.ts': "import { run } from '../../audio/ffmpeg/ffmpeg.js';",
  },
  'telemetry/ imports nothing of ours': {
    'telemetry/metrics.ts': "import type { HttpPorts } from '../http/ports.js';",
  },
  'providers/ knows nothing of ours but wire and the readers of variables': {
    'providers/openai.ts': "import type { Config } from '../config/config.js';",
    'providers/index.ts': "import { GatewayError } from '../errors.js';",
  },
  'only the gateway knows offline/': { 'providers/endpoint.ts': "import '../offline/server/server.js';" },
  'only main knows the gateway': { 'http/app.ts': "import { createGateway } from '../gateway.js';" },
  'gateway/ is known to the gateway alone': { 'http/app.ts': "import './../gateway/components.js';" },
  'nobody imports main': { 'gateway.ts': "import './main.js';" },
  'client/ imports nothing of the service': {
    'client/client.ts': "import { GatewayError } from '../errors.js';",
    'client/types.ts': "import type { Job } from '../jobs/job.js';",
  },
  'cli/ knows the client by its index alone': {
    'cli/main.ts': "import { loadConfig } from '../config/config.js';",
    'cli/command.ts': "import { ServiceHttp } from '../client/http.js';",
  },
  'the service knows neither its client nor the command': {
    'http/schemas.ts': "import type { components } from '../client/openapi.js';",
    'main.ts': "import './cli/main.js';",
  },
  'client/ needs no package and no Node': {
    'client/form.ts': "import { openAsBlob } from 'node:fs';",
    'client/http.ts': "import { fetch } from 'undici';",
  },
  'cli/ needs Node alone': { 'cli/arguments.ts': "import { z } from 'zod';" },
  'express and multer stay in http/ and the gateway': {
    'translate/translate.ts': "import type { Request } from 'express';",
    'audio/upload.ts': "import multer from 'multer';",
  },
  'the ws package stays in its three places': { 'upstream/connection.ts': "import { WebSocket } from 'ws';" },
  'ffmpeg packages stay in audio/ffmpeg': {
    'audio/normalize.ts': "import ffmpeg from 'fluent-ffmpeg';",
    'config/config.ts': "const path = await import('ffmpeg-static');",
  },
  'prom-client stays in metrics': { 'pool/pool.ts': "import { Counter } from 'prom-client';" },
  'OpenTelemetry stays in tracing': {
    'translate/translate.ts': "import { trace } from '@opentelemetry/api';",
    'gateway.ts': "await import('@opentelemetry/sdk-trace-base');",
  },
  "the Redis client stays in its connection and the limiter's store": {
    'session/registry.ts': "import { createClient } from 'redis';",
  },
  'only config and the command read process.env': {
    'a.ts': 'const port = process.env.PORT;',
    'b.ts': "const port = process['env']['PORT'];",
    'c.ts': 'const { env } = process;',
    'd.ts': "import { env as e } from 'node:process';",
    'e.ts': 'const port = globalThis.process.env.PORT;',
  },
  'only main exits': { 'gateway.ts': 'process.exit(1);', 'offline/main.ts': 'process.exit();' },
  'no import goes in a circle': {
    'pool/a.ts': "import './b.js';",
    'pool/b.ts': "import type { C } from '../upstream/c.js';",
    'upstream/c.ts': "export { a } from '../pool/a.js';",
    'self.ts': "import './self.js';",
  },
  'no name is exported twice': {
    'pool/counters.ts': 'export class Counters {}',
    'relay/counters.ts': 'export interface Counters { count: number }',
  },
  'no module has state that changes': {
    'a.ts': 'let count = 0;',
    'b.ts': 'export var count = 0;',
    'c.ts': 'const sessions = new Map<string, number>();',
    'd.ts': 'const listeners: string[] = [];',
    'e.ts': 'class Pool { static count = 0; }',
  },
  'no file is a drawer': { 'http/utils.ts': '', 'helpers/time.ts': '', 'common.ts': '', 'pool/misc.ts': '' },
  'no event bears its provider name above wire/': {
    'relay/filter.ts': "const allowed = ['input_audio_buffer.append'];",
    'offline/server/server.ts': "send({ type: 'response.output_text.delta' });",
    'pool/pool.ts': 'on(`conversation.${kind}`);',
  },
  'no field bears its provider name above wire/': {
    'upstream/demux.ts': 'const id = frame.response_id;',
    'relay/filter.ts': "if ('output_modalities' in session) refuse();",
  },
  'above wire/ nobody asks which dialect it is': {
    'upstream/connection.ts': "if (dialect.name === 'ga') send();",
    'offline/server/server.ts': "switch (name) { case 'preview': break; }",
  },
};

/** What stands close to the edges, on the right side of them. */
const SOUND: Files = {
  'main.ts': "import { createGateway } from './gateway.js'; if (!createGateway) process.exit(1);",
  'gateway.ts':
    "import express from 'express'; import './offline/server/server.js'; import './gateway/components.js';",
  'config/config.ts': 'export const port = process.env.PORT;',
  'errors.ts': 'export class GatewayError extends Error { static readonly codes = [1]; }',
  'audio/ffmpeg/ffmpeg.ts':
    "import ffmpeg from 'fluent-ffmpeg'; import { GatewayError } from '../../errors.js';",
  'wire/index.ts': "export { ga } from './ga.js';",
  'wire/ga.ts':
    "export const ga = { encode: (kind: string) => kind === 'ga' && 'response.output_text.delta' };",
  'telemetry/metrics.ts': "import { Registry } from 'prom-client'; import './reports.js';",
  'providers/azure.ts': "import '../config/readers.js'; import '../wire/index.js'; import './openai.js';",
  'ws/socket.ts': "import { WebSocket } from 'ws';",
  'pool/pool.ts':
    "import '../upstream/connection.js'; export function count() { let sum = 0; return (sum += 1); }",
  'session/redis-store.ts':
    "import { createClient } from 'redis'; const NAMES = new Map([['en', 'English']]);",
  'quota/limiter.ts': "import { createClient } from 'redis';",
  'offline/main.ts':
    "const fallback = { dialect: 'ga' }; process.exitCode = 1; emit({ type: 'session.created' }, 'item_id');",
  'wire/ga/session.ts': 'export const looseView = 1;',
  'wire/preview/session.ts': 'export const looseView = 2;',
  'relay/commonplace.ts': "export const why = 'conversation items are dropped';",
};

describe('the rules of the architecture', () => {
  it.each(RULES)('$name: finds every breach', ({ name, breaches }) => {
    const files = BROKEN[name];
    if (files === undefined) throw new Error(`No made-up source breaks the rule "${name}".`);
    const found = breaches(parse(files)).join('\n');
    for (const path of Object.keys(files)) expect(found).toContain(path);
  });

  it.each(RULES)('$name: leaves sound sources alone', ({ breaches }) => {
    expect(breaches(parse(SOUND))).toEqual([]);
  });

  it('name the whole circle of imports, once', () => {
    const rule = RULES.find(({ name }) => name === 'no import goes in a circle');
    const circle = parse({
      'a.ts': "import './b.js';",
      'b.ts': "import './a.js'; import './c.js';",
      'c.ts': '',
    });
    expect(rule?.breaches(circle)).toEqual(['a.ts → b.ts → a.ts']);
  });

  it('name the line of a breach', () => {
    const rule = RULES.find(({ name }) => name === 'only main exits');
    expect(rule?.breaches(parse({ 'a.ts': '\n\nprocess.exit();' }))).toEqual(['a.ts:3 uses process.exit']);
  });
});
