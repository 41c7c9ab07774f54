/** Configures Debian's nginx as a plain WebSocket proxy, in one process and in the foreground. */
import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../test/support/free-port.js';

export function hasNginx(): boolean {
  return spawnSync('nginx', ['-v']).status === 0;
}

/** Writes the configuration into `folder`. @returns the arguments for nginx, and the URL it will listen on */
export async function configureNginx(
  folder: string,
  upstream: string,
): Promise<{ args: string[]; url: string }> {
  await mkdir(folder);
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${folder}/${name};`)
    .join('\n');
  const configuration = `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
${temporary}
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://${new URL(upstream).host};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_read_timeout 300s;
    }
  }
}
`;
  const file = path.join(folder, 'nginx.conf');
  await writeFile(file, configuration);
  return { args: ['-p', folder, '-e', 'stderr', '-c', file], url: `http://127.0.0.1:${port}` };
}
