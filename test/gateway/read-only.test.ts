/** The service as the image runs it: unprivileged, with a file system that is writable in UPLOAD_DIR only. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../support/http.js';
import { message } from '../support/offline-spelling.js';
import { converse } from '../support/relay.js';
import { filesIn } from '../support/files-in.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A mount namespace requires root, or a kernel with unprivileged user namespaces. */
const UNSHARE = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
const canUnshare = spawnSync('unshare', [...UNSHARE, 'mount', '--bind', '/tmp', '/tmp']).status === 0;

const NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups', '--bounding-set=-all', '--no-new-privs'];
const isReadable = spawnSync('setpriv', [...NOBODY, 'test', '-r', join(ROOT, 'package.json')]).status === 0;
const PRIVILEGES = isReadable ? NOBODY : ['--bounding-set=-all', '--no-new-privs'];

/** Makes every mount but that of $1 read-only, then runs the rest of the arguments unless that failed. */
const READ_ONLY = `
  set -e
  mount --bind "$1" "$1"
  while read -r _ _ _ _ mounted _; do
    case "$mounted" in
      "$1" | /proc | /proc/* | /sys | /sys/* | /dev | /dev/*) ;;
      *) mount -o remount,ro,bind "$mounted" ;;
    esac
  done < /proc/self/mountinfo
  for folder in . /tmp /var/tmp "$HOME"; do
    if (: > "$folder/written") 2>/dev/null; then echo "$folder can be written" >&2; exit 1; fi
  done
  shift
  exec setpriv "$@"
`;

(canUnshare ? describe : describe.skip)('with nothing to write to but UPLOAD_DIR', () => {
  let uploads: string;
  let service: ChildProcess;
  let url = '';
  const log: string[] = [];

  beforeAll(async () => {
    uploads = await mkdtemp(join(tmpdir(), 'rts-read-only-'));
    await chmod(uploads, 0o777);
    const node = [process.execPath, '--import', 'tsx', 'src/main.ts'];
    service = spawn('unshare', [...UNSHARE, 'sh', '-c', READ_ONLY, 'sh', uploads, ...PRIVILEGES, ...node], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      // The transpiler has a cache of its own.
      env: { PATH: process.env.PATH, HOME: '/', TSX_DISABLE_CACHE: '1', PORT: '0', UPLOAD_DIR: uploads },
    });
    service.stderr?.on('data', (chunk: Buffer) => log.push(chunk.toString()));
    if (service.stdout === null) throw new Error('no output');
    createInterface(service.stdout).on('line', (line) => {
      log.push(line);
      url = /"url":"([^"]+)"/.exec(line)?.[1] ?? url;
    });
    await until(() => url !== '' || service.exitCode !== null);
    if (url === '') throw new Error(`it did not start: ${log.join('\n')}`);
  });

  afterAll(async () => {
    service.kill('SIGKILL');
    await rm(uploads, { recursive: true, force: true });
  });

  const translate = (form: FormData, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${url}/api/realtime/translate`, { method: 'POST', body: form, headers });

  async function formOf(fields: Record<string, string>, sample?: string): Promise<FormData> {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    if (sample !== undefined)
      form.set('file', new Blob([await readFile(join(ROOT, 'samples', sample))]), sample);
    return form;
  }

  it('it is ready', async () => {
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  it('it translates text, and speaks', async () => {
    const form = await formOf({ text: 'Good morning, my friend.', source: 'en', target: 'es' });
    const answer = await translate(form, { Accept: 'audio/wav' });
    expect(answer.status).toBe(200);
    expect(decodeURIComponent(answer.headers.get('x-translation-text') ?? '')).toBe('Buenos días, mi amigo.');
    expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(10_000);
  });

  it.each(['family.wav', 'garden.ogg'])('it decodes and recognizes %s', async (sample) => {
    const answer = await translate(await formOf({ source: 'en', target: 'es' }, sample));
    expect(answer.status).toBe(200);
    expect(((await answer.json()) as { text: string }).text).not.toBe('');
    expect(await filesIn(uploads)).toEqual([]);
  });

  it('it holds conversations', async () => {
    const client = await converse(url, '/text-chat?source=en&target=es');
    client.send({ type: 'conversation.item.create', item: message('Good morning.') });
    client.send({ type: 'response.create' });
    await client.until(() => client.types().includes('response.done'), 'response.done', 30_000);
    expect(JSON.stringify(client.frames)).toContain('Buenos días');
    await client.close();
  });

  it('it stops cleanly, without a warning in its log', async () => {
    const exited = once(service, 'exit');
    service.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(log.filter((line) => /EROFS|EACCES|"level":"(error|fatal)"/.test(line))).toEqual([]);
  });
});
