/**
 * The player (wavesurfer.js) puts a `<style>` into its shadow root, which the policy of the pages forbids unless it names
 * the hash of its text. The hashes are computed from what the built chunks contain and written to `style-hashes.json`,
 * which the service reads and does not serve.
 */
import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import type { Plugin } from 'vite';

export const STYLE_HASHES_FILE = 'style-hashes.json';

/** A style inside a template of JavaScript; its start tag has an expression for a nonce. */
const STYLE = /<style\$\{(?:[^`{}]|`[^`]*`)*\}>([\s\S]*?)<\/style>/g;
/** The only expression in the style itself. */
const HEIGHT = /\$\{[^{}]*\.getHeight\([^{}]*\}/g;

/** @param heights of the players on the page, in pixels: the style contains it */
export function styleHashes(heights: readonly number[]): Plugin {
  return {
    name: 'style-hashes',
    generateBundle(_options, bundle) {
      const codes = Object.values(bundle).flatMap((each) => (each.type === 'chunk' ? [each.code] : []));
      const hashes = codes.flatMap((code) => stylesIn(code, heights)).map(hashOf);
      const source = `${JSON.stringify([...new Set(hashes)])}\n`;
      this.emitFile({ type: 'asset', fileName: STYLE_HASHES_FILE, source });
    },
  };
}

/** @throws Error for a style whose text cannot be told, rather than a page whose player is broken */
export function stylesIn(code: string, heights: readonly number[]): string[] {
  const templates = [...code.matchAll(STYLE)].map(([, template = '']) => template);
  return templates.flatMap((template) => heights.map((height) => textOf(template, height)));
}

/** The string that JavaScript makes of the template. */
function textOf(template: string, height: number): string {
  const fixed = template.replaceAll(HEIGHT, String(height));
  if (fixed.includes('${')) throw new Error(`A style has an expression that is not its height: ${fixed}`);
  return String(runInNewContext(`\`${fixed}\``));
}

export function hashOf(style: string): string {
  return `sha256-${createHash('sha256').update(style).digest('base64')}`;
}
