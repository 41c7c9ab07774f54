/** Two nodes of the service as processes, their Redis, their upstream, and nginx in front of them. */
import { startNginx, type TestNginx } from '../nginx.js';
import { startScripted, type Scripted } from '../offline.js';
import { startRedis, type TestRedis } from '../redis.js';
import { ServiceProcess } from '../service.js';

export interface Cluster {
  readonly a: ServiceProcess;
  readonly b: ServiceProcess;
  readonly redis: TestRedis;
  readonly upstream: Scripted;
  readonly nginx: TestNginx;
  close(): Promise<void>;
}

export async function startCluster(
  env: Record<string, string> = {},
  scripted: Parameters<typeof startScripted>[0] = {},
): Promise<Cluster> {
  const opened: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of opened.reverse()) await end();
  };
  const upstream = await startScripted({ record: false, ...scripted });
  opened.push(() => upstream.close());
  try {
    const redis = await startRedis();
    opened.push(() => redis.stop());
    const forBoth = {
      ...{ REALTIME_PROVIDER: 'compatible', REALTIME_URL: upstream.url },
      ...{ REDIS_URL: redis.url, TRUST_PROXY: '1' },
      ...env,
    };
    const nodes = [await ServiceProcess.prepare(forBoth), await ServiceProcess.prepare(forBoth)] as const;
    const [a, b] = nodes;
    for (const node of nodes) {
      opened.push(() => node.close());
      node.spawn();
    }
    await Promise.all(nodes.map((node) => node.ready()));
    const nginx = await startNginx([a.port, b.port]);
    opened.push(() => nginx.stop());
    return { a, b, redis, upstream, nginx, close };
  } catch (error) {
    await close();
    throw error;
  }
}
