/** The manifest that makes the page installable, and its icons. */
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const WEB = fileURLToPath(new URL('../../web/', import.meta.url));

interface Icon {
  readonly src: string;
  readonly sizes: string;
  readonly type: string;
  readonly purpose?: string;
}

const manifest = JSON.parse(readFileSync(`${WEB}public/manifest.webmanifest`, 'utf8')) as {
  readonly name: string;
  readonly start_url: string;
  readonly display: string;
  readonly icons: readonly Icon[];
};

/** Width and height in the header of a PNG. */
function sizeOf(png: Buffer): string {
  expect(png.toString('latin1', 1, 4)).toBe('PNG');
  return `${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`;
}

describe('the manifest', () => {
  it('is linked from the page, with an icon for iOS', () => {
    const html = readFileSync(`${WEB}index.html`, 'utf8');
    expect(html).toContain('<link rel="manifest" href="/manifest.webmanifest" />');
    expect(sizeOf(readFileSync(`${WEB}public/icon-180.png`))).toBe('180x180');
    expect(html).toContain('<link rel="apple-touch-icon" href="/icon-180.png" />');
  });

  it('has what browsers ask for before they install a page', () => {
    expect(manifest).toMatchObject({ name: 'Realtime Translation', start_url: '/', display: 'standalone' });
    const png = manifest.icons.filter(({ type }) => type === 'image/png');
    expect(png.filter(({ purpose }) => purpose === undefined).map(({ sizes }) => sizes)).toEqual(
      expect.arrayContaining(['192x192', '512x512']),
    );
    expect(png.some(({ purpose }) => purpose === 'maskable')).toBe(true);
    for (const { src, sizes } of png) expect(sizeOf(readFileSync(`${WEB}public${src}`))).toBe(sizes);
  });
});
