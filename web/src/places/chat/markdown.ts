/**
 * Renders Markdown as Vue nodes. HTML is never parsed or inserted: a tag in an answer is text, so nothing needs
 * sanitising, and while an answer streams in only the nodes that changed are updated.
 */
import { lexer, type MarkedToken, type Token, type Tokens } from 'marked';
import { h, type VNode } from 'vue';

type Child = VNode | string;

/** Renders a fenced code block. */
export type RenderCode = (code: string, language: string) => VNode;

export function renderMarkdown(source: string, renderCode: RenderCode): Child[] {
  return lexer(source, { gfm: true, breaks: true }).flatMap((token) => renderToken(token, renderCode));
}

function renderToken(any: Token, renderCode: RenderCode): Child[] {
  // Without extensions the lexer produces only marked's own tokens.
  const token = any as MarkedToken;
  const renderAll = (tokens: Token[]) => tokens.flatMap((child) => renderToken(child, renderCode));
  switch (token.type) {
    case 'heading':
      // The first two levels are the page's own.
      return [h(`h${Math.min(6, token.depth + 2)}`, renderAll(token.tokens))];
    case 'paragraph':
      return [h('p', renderAll(token.tokens))];
    case 'strong':
    case 'em':
    case 'del':
    case 'blockquote':
      return [h(token.type, renderAll(token.tokens))];
    case 'list':
      return [renderList(token, renderAll)];
    case 'code':
      return [renderCode(token.text, token.lang?.split(/\s/)[0] ?? '')];
    case 'codespan':
      return [h('code', token.text)];
    case 'link':
      return [renderLink(token.href, renderAll(token.tokens))];
    case 'image':
      // The page does not load foreign content: an image becomes a link.
      return [renderLink(token.href, [token.text || token.href])];
    case 'table':
      return [renderTable(token, renderAll)];
    case 'hr':
    case 'br':
      return [h(token.type)];
    case 'checkbox':
      return [token.checked ? '☑ ' : '☐ '];
    case 'text':
      return 'tokens' in token ? renderAll(token.tokens) : [unescape(token.text)];
    case 'escape':
      return [token.text];
    case 'html':
      return [token.raw];
    case 'space':
    case 'def':
      return [];
    default:
      return [any.raw];
  }
}

function renderList(list: Tokens.List, renderAll: (tokens: Token[]) => Child[]): VNode {
  const items = list.items.map((item) => h('li', renderAll(item.tokens)));
  if (!list.ordered) return h('ul', items);
  return h('ol', list.start === '' || list.start === 1 ? {} : { start: list.start }, items);
}

function renderTable(table: Tokens.Table, renderAll: (tokens: Token[]) => Child[]): VNode {
  const row = (cells: Tokens.TableCell[], tag: 'th' | 'td') =>
    h(
      'tr',
      cells.map((cell) => h(tag, renderAll(cell.tokens))),
    );
  return h('div', { class: 'table', tabindex: 0 }, [
    h('table', [
      h('thead', [row(table.header, 'th')]),
      h(
        'tbody',
        table.rows.map((cells) => row(cells, 'td')),
      ),
    ]),
  ]);
}

/** Only http, https and mailto become links; `javascript:`, `data:` and others stay text. */
function renderLink(href: string, label: Child[]): Child {
  if (!/^(https?:\/\/|mailto:)/i.test(href)) return h('span', label);
  return h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, label);
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  copy: '©',
  hellip: '…',
  mdash: '—',
  ndash: '–',
};

/** Decodes the entities that models write and leaves others unchanged. The result is text, never markup. */
function unescape(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      const code = decimal === undefined ? parseInt(hex ?? '', 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
