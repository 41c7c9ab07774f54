/** The whole service on a free port, configured by environment variables, in front of a scripted upstream or the offline engine. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Logger } from 'pino';
import { loadConfig } from '../../src/config/config.js';
import { createGateway, type Gateway } from '../../src/gateway.js';
import { startScripted, type Scripted } from './offline.js';
import { silent } from './pool.js';

export interface Running {
  readonly gateway: Gateway;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Files in the folder for uploads. */
  readonly uploads: () => Promise<string[]>;
  readonly jobsDir: string;
  close(): Promise<void>;
}

export async function startGateway(
  env: Record<string, string> = {},
  logger: Logger = silent,
): Promise<Running> {
  const uploadDir = await mkdtemp(path.join(tmpdir(), 'uploads-'));
  const unlimited = { RATE_LIMIT_PER_MINUTE: '0', MAX_CONCURRENT_PER_KEY: '0' };
  const config = loadConfig({ PORT: '0', ...unlimited, UPLOAD_DIR: uploadDir, ...env });
  const gateway = await createGateway(config, { logger });
  const url = await gateway.listen();
  return {
    gateway,
    url,
    jobsDir: config.jobs.dir,
    uploads: async () => (await readdir(config.audio.uploadDir)).filter((name) => name !== 'jobs'),
    close: async () => {
      await gateway.close();
      await rm(uploadDir, { recursive: true });
    },
  };
}

/** The service in front of a scripted upstream, which it reaches as a compatible provider. */
export async function startBeforeScript(
  env: Record<string, string> = {},
  scripted: Parameters<typeof startScripted>[0] = {},
): Promise<Running & Scripted & { upstreamUrl: string }> {
  const upstream = await startScripted(scripted);
  const running = await startGateway({
    REALTIME_PROVIDER: 'compatible',
    REALTIME_URL: upstream.url,
    ...(scripted.dialect && { REALTIME_DIALECT: scripted.dialect }),
    ...env,
  });
  return {
    ...upstream,
    ...running,
    upstreamUrl: upstream.url,
    close: async () => {
      await running.close();
      await upstream.close();
    },
  };
}

/** POST as JSON. */
export function post(url: string, body: object, init: RequestInit = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    ...init,
    headers: { 'content-type': 'application/json', ...(init.headers as Record<string, string> | undefined) },
    body: JSON.stringify(body),
  });
}
