/** Charsets and transfer encodings: of parts, of whole bodies. What is sent arrives as the words that were meant, or is refused. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BOUNDARY, MULTIPART, multipart, startHttp, type HttpFixture } from '../support/http.js';

const TRANSLATE = '/api/realtime/translate';
const ORIGINAL = '/api/RealTime/AudioTranslate';
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const WAV = Buffer.from('RIFF-and-so-on');

let http: HttpFixture;
beforeAll(async () => {
  http = await startHttp();
});
afterAll(() => http.close());

/** A part with headers as they come. */
function raw(headers: readonly string[], content: string | Buffer): Buffer {
  const head = `--${BOUNDARY}\r\n${headers.join('\r\n')}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(content), Buffer.from('\r\n')]);
}

function field(name: string, content: string | Buffer, ...headers: string[]): Buffer {
  return raw([`Content-Disposition: form-data; name="${name}"`, ...headers], content);
}

const plain = (charset: string): string => `Content-Type: text/plain; charset=${charset}`;

interface Told {
  readonly status: number;
  readonly body: { code?: string; detail?: string; target?: string | null; errors?: { pointer: string }[] };
}

async function send(
  path: string,
  type: string,
  body: Buffer,
  headers: Record<string, string> = {},
): Promise<Told> {
  const answer = await fetch(`${http.url}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': type, ...headers },
    body: new Uint8Array(body),
  });
  return { status: answer.status, body: (await answer.json()) as Told['body'] };
}

const sendForm = (...parts: Buffer[]): Promise<Told> => send(TRANSLATE, MULTIPART, multipart(...parts));

function askedText(): string | undefined {
  const question = http.asked.at(-1)?.request.question;
  return question?.kind === 'text' ? question.text : undefined;
}

const hex = (digits: string): Buffer => Buffer.from(digits, 'hex');
const swapped = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

/** Bytes as encoders of these charsets write them. */
const READABLE: [string, string, Buffer][] = [
  ['GBK', '你好', hex('c4e3bac3')],
  ['gb18030', '你好', hex('c4e3bac3')],
  ['gb2312', '你好', hex('c4e3bac3')],
  ['windows-1251', 'Привет', hex('cff0e8e2e5f2')],
  ['koi8-r', 'Привет', hex('f0d2c9d7c5d4')],
  ['Shift_JIS', '日本', hex('93fa967b')],
  ['euc-jp', '日本', hex('c6fccbdc')],
  ['big5', '中文', hex('a4a4a4e5')],
  ['euc-kr', '한국', hex('c7d1b1b9')],
  ['iso-8859-1', 'café', Buffer.from('café', 'latin1')],
  ['iso-8859-15', '5 €', hex('3520a4')],
  ['windows-1252', '5 € “a”', hex('3520802093619 4'.replace(' ', ''))],
  ['utf-16le', 'né', Buffer.from('né', 'utf16le')],
  ['utf-16be', 'né', swapped('né')],
  ['utf-16', 'né', swapped('\ufeffné')],
  ['utf-16', 'né', Buffer.from('\ufeffné', 'utf16le')],
  ['us-ascii', 'plain', Buffer.from('plain')],
  ['"utf-8"', 'né', Buffer.from('né')],
  ['UTF8', 'né', Buffer.from('\ufeffné')],
  ['""', 'né', Buffer.from('né')],
];

const UNREADABLE = [
  'utf-7',
  'utf-32',
  'klingon',
  'base64',
  'hz-gb-2312',
  '__proto__',
  "'utf-8'",
  'x'.repeat(500),
];

/** Not text in what they claim to be. */
const BROKEN: [string, Buffer][] = [
  ['utf-8', hex('c4e3bac3')],
  ['gbk', hex('c4e381')],
  ['gbk', hex('ff')],
  ['shift_jis', hex('93fa81')],
  ['big5', hex('a4a481')],
  ['euc-kr', hex('c7d1ff')],
  ['utf-16le', hex('00d84100')],
  ['utf-16be', hex('0041d8')],
  ['us-ascii', Buffer.from('né')],
  ['windows-874', hex('fc')],
];

describe('a part of a form', () => {
  it.each(READABLE)('in %s is read: %s', async (charset, text, bytes) => {
    expect((await sendForm(field('text', bytes, plain(charset)))).status).toBe(200);
    expect(askedText()).toBe(text);
  });

  it.each(READABLE.map(([charset]) => charset).filter((charset) => !charset.includes('16')))(
    'in %s that names the target is never left out',
    async (charset) => {
      const told = await sendForm(field('text', 'hi'), field('target', 'fr', plain(charset)));
      expect(told).toMatchObject({ status: 200, body: { target: 'fr' } });
    },
  );

  it.each(UNREADABLE)('in %s is 415, which names part and charset, whatever the field', async (charset) => {
    const names = [
      'target',
      'source',
      'prompt',
      'context',
      'connectId',
      'output',
      'voice',
      'stream',
      'text',
      'x',
    ];
    for (const name of names) {
      const told = await sendForm(field('q', 'hi'), field(name, 'es', plain(charset)));
      expect(told).toMatchObject({
        status: 415,
        body: { code: 'unsupported-media-type', errors: [{ pointer: `/${name}` }] },
      });
      expect(told.body.detail).toContain(`\`${name}\``);
      expect(told.body.detail).toContain(charset.slice(0, 40));
    }
  });

  it.each(BROKEN)(
    'in %s whose bytes are not (case %#) is 400, which names the part',
    async (charset, bytes) => {
      const told = await sendForm(field('text', bytes, plain(charset)));
      expect(told).toMatchObject({
        status: 400,
        body: { code: 'invalid-request', errors: [{ pointer: '/text' }] },
      });
      expect(told.body.detail?.toLowerCase()).toContain(charset);
    },
  );

  it('that names no charset is UTF-8, and refused where it is not', async () => {
    for (const headers of [[], ['Content-Type: text/plain'], ['Content-Type:'], ['Content-Type: text']]) {
      expect((await sendForm(field('text', 'né', ...headers))).status).toBe(200);
      expect(askedText()).toBe('né');
      expect(await sendForm(field('text', hex('6ee9'), ...headers))).toMatchObject({ status: 400 });
    }
  });

  it.each([
    'Content-Type: text; charset=gbk',
    'Content-Type: charset=gbk',
    'Content-Type: text/plain; charset =gbk',
    "Content-Type: text/plain; charset*=utf-8''gbk",
  ])('whose Content-Type cannot be read is refused: %s', async (header) => {
    expect((await sendForm(field('text', 'hi', header))).status).toBe(415);
  });

  it.each([
    [
      'in another order',
      ['content-type: text/plain;format=flowed;CHARSET="GBK"', 'Content-Disposition: form-data; name=text'],
    ],
    [
      'on two lines',
      ['Content-Disposition: form-data;\r\n name="text"', 'Content-Type: text/plain;\r\n\tcharset=gbk'],
    ],
    ['twice', ['Content-Disposition: form-data; name="text"', plain('gbk'), plain('utf-8')]],
  ])('with its headers %s is read all the same', async (_how, headers) => {
    expect((await sendForm(raw(headers, hex('c4e3bac3')))).status).toBe(200);
    expect(askedText()).toBe('你好');
  });

  it('that says `_charset_` gives the charset of those that name none', async () => {
    expect((await sendForm(field('_charset_', 'gbk'), field('text', hex('c4e3bac3')))).status).toBe(200);
    expect(askedText()).toBe('你好');
    expect((await sendForm(field('text', 'né', plain('utf-8')), field('_charset_', 'gbk'))).status).toBe(200);
    expect(askedText()).toBe('né');
    const told = await sendForm(field('_charset_', 'klingon'), field('text', 'hi'));
    expect(told).toMatchObject({ status: 415, body: { errors: [{ pointer: '/text' }] } });
  });

  it('of the original route is held to the same', async () => {
    const form = (charset: string): Promise<Told> =>
      send(
        ORIGINAL,
        MULTIPART,
        multipart(field('question', hex('c4e3bac3'), plain(charset)), field('prompt', 'x')),
      );
    expect((await form('gbk')).status).toBe(200);
    expect(askedText()).toBe('你好');
    expect((await form('klingon')).status).toBe(415);
    expect((await form('utf-8')).status).toBe(400);
  });

  it.each(['7bit', '8bit', 'binary', 'BINARY'])(
    'in the transfer encoding %s is taken as it is',
    async (encoding) => {
      const header = `Content-Transfer-Encoding: ${encoding}`;
      expect((await sendForm(field('text', 'né', header))).status).toBe(200);
      expect(askedText()).toBe('né');
      const file = raw(['Content-Disposition: form-data; name="file"; filename="a.wav"', header], WAV);
      expect((await sendForm(file)).status).toBe(200);
      expect(http.asked.at(-1)?.recording).toEqual(WAV);
    },
  );

  it.each(['base64', 'Quoted-Printable', 'x-uuencode'])(
    'in the transfer encoding %s is 415, which names both, be it a text or a recording',
    async (encoding) => {
      const header = `Content-Transfer-Encoding: ${encoding}`;
      const asked = http.asked.length;
      for (const [name, body] of [
        ['target', [field('text', 'hi'), field('target', 'ZXM=', header)]],
        [
          'file',
          [raw(['Content-Disposition: form-data; name="file"; filename="a.wav"', header], 'UklGRg==')],
        ],
      ] as const) {
        const told = await sendForm(...body);
        expect(told).toMatchObject({ status: 415, body: { errors: [{ pointer: `/${name}` }] } });
        expect(told.body.detail).toContain(encoding.toLowerCase());
      }
      expect(http.asked).toHaveLength(asked);
      expect(await http.uploads()).toEqual([]);
    },
  );
});

describe('a recording', () => {
  it.each([
    'filename="a.wav"\r\nContent-Type: audio/wav; charset=klingon',
    'filename="a.wav"\r\nContent-Type: ',
    'filename="a.wav"\r\nContent-Type: audio',
    "filename*=GBK''%D6%D0.wav",
    "filename*=klingon'en'a.wav",
    'filename*=UTF-8\'\'%E4%B8%AD.wav; filename="a.wav"',
    'filename*="UTF-8\'\'a.wav"',
    "filename*=UTF-8''%ff.wav",
  ])('whose name is in any charset is taken: %s', async (rest) => {
    const told = await sendForm(raw([`Content-Disposition: form-data; name="file"; ${rest}`], WAV));
    expect(told.status).toBe(200);
    expect(http.asked.at(-1)?.recording).toEqual(WAV);
  });
});

describe('a part that has no name that can be read', () => {
  it.each([
    ['no Content-Disposition', ['X-Nothing: 1']],
    ['another disposition', ['Content-Disposition: attachment; name="target"']],
    ['a parameter without a value', ['Content-Disposition: form-data; name="target"; x']],
    ['a file name with a blank', ['Content-Disposition: form-data; name="target"; filename=a b.wav']],
    ['a name of RFC 5987 alone', ["Content-Disposition: form-data; name*=UTF-8''target"]],
    ['an empty name', ['Content-Disposition: form-data; name=""']],
  ])('but %s is refused, not left out', async (_what, headers) => {
    const told = await sendForm(field('text', 'hi'), raw(headers, 'es'));
    expect(told).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
    expect((await sendForm(raw(headers, 'es'), field('text', 'hi'))).status).toBe(400);
  });
});

describe('a body of JSON', () => {
  const json = (text: string): string => `{"text":"${text}"}`;

  it.each([
    ['utf-16le', Buffer.from(json('né'), 'utf16le')],
    ['utf-16be', swapped(json('né'))],
    ['utf-16', swapped(`\ufeff${json('né')}`)],
    ['iso-8859-1', Buffer.from(json('né'), 'latin1')],
    ['"UTF-8"', Buffer.from(json('né'))],
  ])('in %s is read', async (charset, bytes) => {
    expect((await send(TRANSLATE, `${JSON_TYPE}; charset=${charset}`, bytes)).status).toBe(200);
    expect(askedText()).toBe('né');
  });

  it('in GBK is read', async () => {
    const bytes = Buffer.concat([Buffer.from('{"text":"'), hex('c4e3bac3'), Buffer.from('"}')]);
    expect((await send(TRANSLATE, `${JSON_TYPE}; charset=gbk`, bytes)).status).toBe(200);
    expect(askedText()).toBe('你好');
    expect((await send(TRANSLATE, JSON_TYPE, bytes)).status).toBe(400);
    expect((await send(TRANSLATE, `${JSON_TYPE}; charset=utf-8`, bytes)).status).toBe(400);
  });

  it.each(UNREADABLE)('in %s is 415, which names the charset', async (charset) => {
    for (const path of [TRANSLATE, '/api/realtime/sessions']) {
      const told = await send(path, `${JSON_TYPE}; charset=${charset}`, Buffer.from('{}'));
      expect(told).toMatchObject({ status: 415, body: { code: 'unsupported-media-type' } });
      expect(told.body.detail).toContain(charset.slice(0, 40));
    }
  });

  it('that is compressed is held to the same', async () => {
    const { gzipSync } = await import('node:zlib');
    const gzip = { 'Content-Encoding': 'gzip' };
    const gbk = gzipSync(Buffer.concat([Buffer.from('{"text":"'), hex('c4e3bac3'), Buffer.from('"}')]));
    expect((await send(TRANSLATE, `${JSON_TYPE}; charset=gbk`, gbk, gzip)).status).toBe(200);
    expect(askedText()).toBe('你好');
    expect((await send(TRANSLATE, JSON_TYPE, gbk, gzip)).status).toBe(400);
    expect((await send(TRANSLATE, `${JSON_TYPE}; charset=utf-7`, gbk, gzip)).status).toBe(415);
  });
});

describe('an urlencoded form', () => {
  it.each(['gbk', 'iso-8859-1', 'utf-16le', 'utf-7', 'klingon'])(
    'in %s is 415, which names it',
    async (charset) => {
      const type = `${FORM_TYPE}; charset=${charset}`;
      const told = await send(TRANSLATE, type, Buffer.from('text=hi&target=fr'));
      expect(told.status).toBe(415);
      expect(told.body.detail).toContain(charset);
      const said = await send(TRANSLATE, FORM_TYPE, Buffer.from(`_charset_=${charset}&text=hi`));
      expect(said.status).toBe(415);
    },
  );

  it('that says `_charset_` is UTF-8 is read', async () => {
    expect((await send(TRANSLATE, FORM_TYPE, Buffer.from('_charset_=UTF-8&text=n%C3%A9'))).status).toBe(200);
    expect(askedText()).toBe('né');
  });

  it.each(['text=n%E9', 'text=%C4%E3%BA%C3', 'text=%EF%BF%BD%E9', 'text=%ED%A0%80', 'text=%C0%80'])(
    'whose bytes are not UTF-8 is 400, which names the field: %s',
    async (body) => {
      const told = await send(TRANSLATE, FORM_TYPE, Buffer.from(`target=es&${body}`));
      expect(told).toMatchObject({ status: 400, body: { errors: [{ pointer: '/text' }] } });
      expect((await send(TRANSLATE, FORM_TYPE, Buffer.from('text=n\xe9', 'latin1'))).status).toBe(400);
    },
  );

  it('keeps the replacement character that somebody sent, and percent signs alone', async () => {
    expect((await send(TRANSLATE, FORM_TYPE, Buffer.from('text=%EF%BF%BD+100%+%zz'))).status).toBe(200);
    expect(askedText()).toBe('\ufffd 100% %zz');
  });
});
