/** A recording of real speech, through the offline engine, as a job. */
import { expect, it } from '@jest/globals';
import { encodeWav } from '../../src/audio/wav/wav.js';
import { JobClient } from '../support/jobs/client.js';
import { startGateway } from '../support/gateway.js';
import { speakSamples } from '../support/speech.js';
import { parseWithMediaCaptions } from '../support/subtitles/parsers.js';

it('comes back as Spanish subtitles, each where its words are spoken', async () => {
  const gap = Buffer.alloc(2 * 48_000);
  const words = [
    await speakSamples('Good morning my friend.'),
    await speakSamples('Where is the train station?'),
  ];
  const [first = gap, second = gap] = words;
  const service = await startGateway({ REALTIME_PROVIDER: 'offline' });
  try {
    const client = new JobClient(service.url);
    const recording = encodeWav(Buffer.concat([gap, first, gap, second, gap]));
    const { jobId } = await client.create(recording, { format: 'srt', transcript: 'true' });
    const done = await client.completed(jobId);
    expect(done).toMatchObject({ state: 'completed', segments: 2, failedSegments: 0 });
    const cues = await parseWithMediaCaptions(await client.result(jobId), 'srt');
    expect(cues).toHaveLength(2);
    expect(cues[0]?.lines.join(' ').toLowerCase()).toContain('buen');
    expect(cues[1]?.lines.join(' ').toLowerCase()).toContain('tren');
    const secondAt = (2 * gap.length + first.length) / 48;
    expect(Math.abs((cues[1]?.startMs ?? 0) - secondAt)).toBeLessThan(300);
    expect(await client.result(jobId, '?format=text&subtitles=source')).toMatch(/morning/i);
  } finally {
    await service.close();
  }
}, 120_000);
