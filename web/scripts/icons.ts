/** Draws the icons of the installed page from favicon.svg: `node --import tsx web/scripts/icons.ts`. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { launchBrowser } from '../../test/support/browser/browser.js';

const PUBLIC = fileURLToPath(new URL('../public', import.meta.url));
/** Systems cut a maskable icon into their own shape, within four fifths of its width; iOS rounds its corners itself. */
const ICONS = [
  { name: 'icon-180', size: 180, fullBleed: true },
  { name: 'icon-192', size: 192, fullBleed: false },
  { name: 'icon-512', size: 512, fullBleed: false },
  { name: 'icon-maskable-512', size: 512, fullBleed: true },
];

const svg = await readFile(`${PUBLIC}/favicon.svg`, 'utf8');

const browser = await launchBrowser('missing');
const page = await browser.newPage();
for (const { name, size, fullBleed } of ICONS) {
  const drawn = fullBleed
    ? svg.replace(/rx="\d+"/, '').replace('<g', '<g transform="translate(3.2 3.2) scale(.8)"')
    : svg;
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:${size}px}</style>${drawn}`);
  await writeFile(`${PUBLIC}/${name}.png`, await page.screenshot({ omitBackground: !fullBleed }));
}
await browser.close();
