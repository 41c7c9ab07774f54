/**
 * Markdown as Vue nodes. No HTML is ever parsed or inserted: a tag in an answer is text, so nothing needs sanitising,
 * and while an answer streams in only the nodes that changed are touched.
 */
import { lexer, type MarkedToken, type Token, type Tokens } from 'marked';
import { h, type VNode } from 'vue';

type Child = VNode | string;

/** How a fenced block is drawn; the page gives it a copy button. */
export type DrawCode = (code: string, language: string) => VNode;

export function drawMarkdown(source: string, drawCode: DrawCode): Child[] {
  return lexer(source, { gfm: true, breaks: true }).flatMap((token) => draw(token, drawCode));
}

function draw(any: Token, drawCode: DrawCode): Child[] {
  // With no extension registered, the lexer makes marked's own tokens only.
  const token = any as MarkedToken;
  const inside = (tokens: Token[]) => tokens.flatMap((child) => draw(child, drawCode));
  switch (token.type) {
    case 'heading':
      // The page has its own first two levels.
      return [h(`h${Math.min(6, token.depth + 2)}`, inside(token.tokens))];
    case 'paragraph':
      return [h('p', inside(token.tokens))];
    case 'strong':
    case 'em':
    case 'del':
    case 'blockquote':
      return [h(token.type, inside(token.tokens))];
    case 'list':
      return [drawList(token, inside)];
    case 'code':
      return [drawCode(token.text, token.lang?.split(/\s/)[0] ?? '')];
    case 'codespan':
      return [h('code', token.text)];
    case 'link':
      return [drawLink(token.href, inside(token.tokens))];
    case 'image':
      // Nothing is loaded from elsewhere: a picture becomes a link to itself.
      return [drawLink(token.href, [token.text || token.href])];
    case 'table':
      return [drawTable(token, inside)];
    case 'hr':
    case 'br':
      return [h(token.type)];
    case 'checkbox':
      return [token.checked ? '☑ ' : '☐ '];
    case 'text':
      return 'tokens' in token ? inside(token.tokens) : [unescape(token.text)];
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

function drawList(list: Tokens.List, inside: (tokens: Token[]) => Child[]): VNode {
  const items = list.items.map((item) => h('li', inside(item.tokens)));
  if (!list.ordered) return h('ul', items);
  return h('ol', list.start === '' || list.start === 1 ? {} : { start: list.start }, items);
}

function drawTable(table: Tokens.Table, inside: (tokens: Token[]) => Child[]): VNode {
  const row = (cells: Tokens.TableCell[], tag: 'th' | 'td') =>
    h(
      'tr',
      cells.map((cell) => h(tag, inside(cell.tokens))),
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

/** Only addresses that lead somewhere are links; `javascript:`, `data:` and the like stay words. */
function drawLink(href: string, label: Child[]): Child {
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

/** The entities that models write; others stay as they are. The result is text, never markup. */
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
