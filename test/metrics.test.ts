/** The metrics of a service: what it did is counted, and every metric of the dashboard and the alerts exists. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { post, startBeforeScript } from './support/gateway.js';
import { requestFault } from './support/offline.js';
import { eventually } from './support/pool.js';
import { converse } from './support/relay.js';
import { wavAtRate } from './support/wav.js';

let running: Awaited<ReturnType<typeof startBeforeScript>>;

afterEach(() => running.close());

async function scrape(url = running.url): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

/** The value of a sample; undefined if it is absent. */
function valueOf(text: string, sample: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}

const METRIC = /\b(?:translation|process|nodejs)_[a-z0-9_]+/g;

describe('the metrics of a service', () => {
  it('count translations, losses, decodes and conversations', async () => {
    running = await startBeforeScript();
    const translate = `${running.url}/api/realtime/translate`;
    running.script.requests.next(requestFault.drop('created'));
    expect((await post(translate, { text: 'one two' })).status).toBe(200);
    const form = new FormData();
    form.append('file', new Blob([wavAtRate(Buffer.alloc(16_000, 3), 8_000)]), 'a.wav');
    form.append('output', 'audio');
    expect((await fetch(translate, { method: 'POST', body: form })).status).toBe(200);
    const damaged = new FormData();
    damaged.append('file', new Blob([Buffer.from('fLaC, it says, and no more')]), 'a.flac');
    expect((await fetch(translate, { method: 'POST', body: damaged })).status).toBe(422);
    const client = await converse(running.url, '/text-chat');
    await client.settled();
    const during = await scrape();
    expect(valueOf(during, 'translation_relay_conversations{kind="text"}')).toBe(1);
    expect(valueOf(during, 'translation_relay_frames_total{direction="from_client"}')).toBe(1);
    client.socket.close(4321);
    await eventually(() => running.script.open.length === 1);

    let text = '';
    for (let tries = 0; tries < 100 && !text.includes('by="client"'); tries += 1) text = await scrape();
    expect({
      reruns: valueOf(text, 'translation_pool_reruns_total'),
      attempts: valueOf(text, 'translation_upstream_connection_attempts_total'),
      lost: valueOf(text, 'translation_upstream_socket_losses_total{code="1006"}'),
      audioSeconds: valueOf(text, 'translation_upstream_audio_seconds_total{direction="input"}'),
      decoded: valueOf(text, 'translation_ffmpeg_runs_total{outcome="decoded"}'),
      undecodable: valueOf(text, 'translation_ffmpeg_runs_total{outcome="undecodable-audio"}'),
      sessions: valueOf(text, 'translation_sessions{store="memory"}'),
      begun: valueOf(text, 'translation_relay_conversations_total{kind="text"}'),
      left: valueOf(text, 'translation_relay_closes_total{by="client",code="4xxx"}'),
      upgraded: valueOf(
        text,
        'translation_http_requests_total{route="/text-chat",method="GET",status="101",code=""}',
      ),
      normalized: valueOf(text, 'translation_stage_duration_seconds_count{stage="normalize"}'),
    }).toMatchObject({
      ...{ reruns: 1, attempts: 2, lost: 1, audioSeconds: 1, decoded: 1, undecodable: 1, sessions: 2 },
      ...{ begun: 1, left: 1, upgraded: 1, normalized: 2 },
    });
    expect(valueOf(text, 'translation_upstream_tokens_total{direction="output"}')).toBeGreaterThan(0);
    expect(valueOf(text, 'translation_upstream_audio_seconds_total{direction="output"}')).toBeGreaterThan(0);
    expect(valueOf(text, 'process_resident_memory_bytes')).toBeGreaterThan(1e6);
  });

  it('are those of one service, although another runs in the same process', async () => {
    running = await startBeforeScript();
    const other = await startBeforeScript();
    try {
      expect((await post(`${other.url}/api/realtime/translate`, { text: 'one' })).status).toBe(200);
      const queued = 'translation_stage_duration_seconds_count{stage="queue"}';
      expect(valueOf(await scrape(other.url), queued)).toBe(1);
      expect(valueOf(await scrape(), queued)).toBeUndefined();
    } finally {
      await other.close();
    }
  });

  it('do not change /health', async () => {
    running = await startBeforeScript();
    const health = (await (await fetch(`${running.url}/health`)).json()) as { pool: object; relay: object };
    expect(Object.keys(health.pool)).toEqual([
      ...['sockets', 'ready', 'connecting', 'draining', 'running', 'waiting', 'capacity'],
    ]);
    expect(health.relay).toEqual({ conversations: 0 });
  });

  it.each(['grafana-dashboard.json', 'alerts.yml', 'observability.md'])(
    'include all that %s mentions',
    async (file) => {
      running = await startBeforeScript();
      const exposed = new Set((await scrape()).match(/(?<=^# TYPE )\S+/gm));
      const named = readFileSync(new URL(`../docs/${file}`, import.meta.url), 'utf8').match(METRIC) ?? [];
      expect(named.length).toBeGreaterThan(6);
      const unknown = named.filter((name) => !exposed.has(name.replace(/_(bucket|count|sum)$/, '')));
      expect(unknown).toEqual([]);
    },
  );

  it('are all on the dashboard, which lets the user choose its data source', async () => {
    running = await startBeforeScript();
    const text = readFileSync(new URL('../docs/grafana-dashboard.json', import.meta.url), 'utf8');
    const dashboard = JSON.parse(text) as { templating: { list: { name: string; type: string }[] } };
    expect(dashboard.templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource' });
    const exposed = (await scrape()).match(/(?<=^# TYPE )\S+/gm) ?? [];
    const absent = exposed.filter((name) => !text.includes(name));
    expect(absent).toEqual(['nodejs_version_info']);
  });
});
