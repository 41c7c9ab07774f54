/** What an ffmpeg process has of this machine: nothing but its input and its output. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { chmod } from 'node:fs/promises';
import { AudioNormalizer } from '../../src/audio/normalize.js';
import { Notes } from '../support/audio/processes.js';
import { data, format, record, riff, sine, toneInput, workshop } from '../support/audio/recordings.js';

const files = workshop();
let notes: Notes;
const isRoot = process.getuid?.() === 0;

beforeAll(async () => {
  notes = await Notes.open(files.path('notes'));
});
afterAll(() => {
  notes.close();
});
beforeEach(() => {
  notes.clear();
});

/** What `script` tells, line by line, of a process in ffmpeg's place, which then becomes ffmpeg. */
async function tell(script: string, path: string): Promise<string[]> {
  const ffmpegPath = await files.write(
    'ffmpeg-telling',
    `#!/bin/sh\n{ ${script}; } > ${notes.path}\nexec ffmpeg "$@"\n`,
  );
  const normalizer = new AudioNormalizer({ ffmpegPath, concurrency: 1, timeoutMs: 20_000, maxSeconds: 60 });
  expect((await normalizer.normalize(path)).durationMs).toBe(1000);
  await normalizer.close();
  return notes.lines();
}

const sources: [string, () => Promise<string>][] = [
  ['samples', () => files.write('16.wav', riff([format({ rate: 16_000 }), data(sine({ rate: 16_000 }))]))],
  ['a file', () => record(files.path('tone.flac'), toneInput({ seconds: 1 }))],
];

describe.each(sources)('a process that decodes %s', (_kind, make) => {
  it('has no environment, and no folder but the root', async () => {
    const lines = await tell('pwd; env', await make());
    expect(lines[0]).toBe('/');
    // What a shell sets by itself.
    expect(lines.slice(1).filter((line) => !/^(PWD=\/|OLDPWD=\/|SHLVL=\d+|_=.*)$/.test(line))).toEqual([]);
  });

  it('has its input, its output and its messages open, and nothing else', async () => {
    const open = await tell('ls -1 /proc/$$/fd', await make());
    // 10 and above are the shell's own, for the script that it reads.
    expect(open.filter((fd) => Number(fd) < 10)).toEqual(['0', '1', '2']);
  });

  it('may write no file, leave no core, and take only so much memory and processor time', async () => {
    const limits = await tell('cat /proc/self/limits', await make());
    const limit = (name: string): string[] =>
      limits
        .find((line) => line.startsWith(name))
        ?.slice(name.length)
        .trim()
        .split(/\s+/)
        .slice(0, 2) ?? [];
    expect(limit('Max file size')).toEqual(['0', '0']);
    expect(limit('Max core file size')).toEqual(['0', '0']);
    expect(limit('Max data size')).toEqual(['536870912', '536870912']);
    expect(limit('Max cpu time')).toEqual(['21', '21']);
    expect(limit('Max open files')).toEqual(['32', '32']);
  });

  it('is the first that the kernel ends when memory runs out', async () => {
    expect(await tell('cat /proc/self/oom_score_adj', await make())).toEqual(['1000']);
  });

  it('is not root, and reads a recording that only its owner may', async () => {
    const path = await make();
    await chmod(path, 0o600);
    const [user] = await tell('id -u', path);
    expect(user).toBe(isRoot ? '65534' : String(process.getuid?.()));
  });
});

it('a program that other users cannot reach is run as ourselves', async () => {
  await chmod(files.path(''), 0o700);
  try {
    const path = await sources[0]?.[1]();
    expect(await tell('id -u', path ?? '')).toEqual([String(process.getuid?.())]);
  } finally {
    await chmod(files.path(''), 0o755);
  }
});
