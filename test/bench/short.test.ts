/** The bench as CI runs it: every part to its end, however fast the machine is. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

const run = promisify(execFile);

/** The building of dist/, where nobody has built it, is in there. */
const LONGEST_MS = 240_000;

it(
  'the short bench runs every part and prints a row for each measure',
  async () => {
    const { stdout } = await run(process.execPath, ['--import', 'tsx', 'bench/main.ts', '--short']);
    const rows = stdout.split('\n').filter((line) => line.startsWith('| '));
    const [head = '', , ...measured] = rows;
    expect(head.split('|').map((cell) => cell.trim())).toEqual(
      expect.arrayContaining(['measure', 'against', 'figure', 'aim', 'met']),
    );
    const figures = measured.map((row) => row.split('|').map((cell) => cell.trim())[3]);
    expect(figures).toHaveLength(38);
    expect(figures.filter((figure) => !/^-?\d/.test(figure ?? ''))).toEqual([]);
  },
  LONGEST_MS,
);

it('a part that does not exist is refused, with the names of those that do', async () => {
  const refused = run(process.execPath, ['--import', 'tsx', 'bench/main.ts', 'txet']);
  await expect(refused).rejects.toMatchObject({ stderr: expect.stringMatching(/no part txet.*text/) });
});
