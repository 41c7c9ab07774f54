/** Markdown rendered as Vue nodes, compared as HTML. */
import { describe, expect, it } from '@jest/globals';
import { createSSRApp, h } from 'vue';
import { renderToString } from 'vue/server-renderer';
import { renderMarkdown } from '../../web/src/places/chat/markdown.js';

async function html(source: string): Promise<string> {
  const renderCode = (code: string, language: string) => h('pre', { class: language }, code);
  const whole = await renderToString(
    createSSRApp({ render: () => h('div', renderMarkdown(source, renderCode)) }),
  );
  return whole.replace(/^<div>|<\/div>$/g, '');
}

describe('Markdown', () => {
  it('has headings below those of the page', async () => {
    expect(await html('# One\n\n#### Four\n\n###### Six')).toBe('<h3>One</h3><h6>Four</h6><h6>Six</h6>');
  });

  it('has emphasis, code, and line breaks', async () => {
    expect(await html('**a** *b* ~~c~~ `d < e`\nf')).toBe(
      '<p><strong>a</strong> <em>b</em> <del>c</del> <code>d &lt; e</code><br>f</p>',
    );
  });

  it('has nested lists, and keeps the first number', async () => {
    expect(await html('3. a\n   - b\n4. c')).toBe(
      '<ol start="3"><li>a<ul><li>b</li></ul></li><li>c</li></ol>',
    );
  });

  it('has checkboxes', async () => {
    expect(await html('- [x] done\n- [ ] open')).toMatch(/^<ul><li>☑ done<\/li><li>☐ open<\/li><\/ul>$/);
  });

  it('passes fenced code to the page, with its language', async () => {
    expect(await html('```ts title="x"\nlet a = 1 < 2;\n```')).toBe(
      '<pre class="ts">let a = 1 &lt; 2;</pre>',
    );
  });

  it('has tables', async () => {
    expect(await html('| a | b |\n|---|---|\n| 1 | *2* |')).toBe(
      '<div class="table" tabindex="0"><table><thead><tr><th>a</th><th>b</th></tr></thead>' +
        '<tbody><tr><td>1</td><td><em>2</em></td></tr></tbody></table></div>',
    );
  });

  it('renders the part of an answer that has arrived', async () => {
    expect(await html('**bo')).toBe('<p>**bo</p>');
    expect(await html('```ts\nlet')).toBe('<pre class="ts">let</pre>');
  });

  it('opens links in a new tab, without opener or referrer', async () => {
    expect(await html('[a](https://example.org/?q=1&r=2)')).toBe(
      '<p><a href="https://example.org/?q=1&amp;r=2" target="_blank" rel="noopener noreferrer">a</a></p>',
    );
  });

  it('shows an image as a link, because nothing is loaded from other hosts', async () => {
    expect(await html('![cat](https://example.org/cat.png)')).toBe(
      '<p><a href="https://example.org/cat.png" target="_blank" rel="noopener noreferrer">cat</a></p>',
    );
  });

  it('decodes the entities that models write, once', async () => {
    expect(await html('a &amp; b &lt;b&gt; &#65;&#x42; &unknown; &amp;lt;')).toBe(
      '<p>a &amp; b &lt;b&gt; AB &amp;unknown; &amp;lt;</p>',
    );
  });
});

describe('an attempt to inject', () => {
  it.each([
    '<script>alert(1)</script>',
    'a <img src=x onerror=alert(1)> b',
    '<details open ontoggle=alert(1)>',
    '**<svg/onload=alert(1)>**',
    '&lt;script&gt;alert(1)&lt;/script&gt;',
    '&#60;script&#62;alert(1)&#60;/script&#62;',
  ])('stays text: %s', async (attack) => {
    const drawn = await html(attack);
    expect(drawn).toContain('&lt;');
    expect(drawn.replace(/<\/?(p|strong)>|<!---->/g, '')).not.toContain('<');
  });

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    '&#106;avascript:alert(1)',
  ])('does not become a link: %s', async (address) => {
    expect(await html(`[click](${address})`)).not.toContain('<a');
    expect(await html(`![click](${address})`)).not.toContain('<a');
  });
});
