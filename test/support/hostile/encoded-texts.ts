/** One text in many charsets and encodings, as real clients and odd ones send it: what it means is known, whatever it looks like. */
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { BOUNDARY, MULTIPART } from '../http.js';
import { pick, type Random } from './mutants.js';

interface Charset {
  readonly name: string;
  /** A word that this charset has, and its bytes. */
  readonly word: string;
  readonly bytes: string;
  readonly isWide?: true;
}

const CHARSETS: readonly [Charset, ...Charset[]] = [
  { name: 'utf-8', word: 'né 你好 €', bytes: Buffer.from('né 你好 €').toString('hex') },
  { name: 'gbk', word: '你好', bytes: 'c4e3bac3' },
  { name: 'GB18030', word: '你好', bytes: 'c4e3bac3' },
  { name: 'windows-1251', word: 'Привет', bytes: 'cff0e8e2e5f2' },
  { name: 'koi8-r', word: 'Привет', bytes: 'f0d2c9d7c5d4' },
  { name: 'Shift_JIS', word: '日本', bytes: '93fa967b' },
  { name: 'euc-jp', word: '日本', bytes: 'c6fccbdc' },
  { name: 'big5', word: '中文', bytes: 'a4a4a4e5' },
  { name: 'euc-kr', word: '한국', bytes: 'c7d1b1b9' },
  { name: 'iso-8859-1', word: 'né', bytes: '6ee9' },
  { name: 'windows-1252', word: '5 €', bytes: '352080' },
  { name: 'iso-8859-15', word: '5 €', bytes: '3520a4' },
  { name: 'utf-16le', word: 'né', bytes: '6e00e900', isWide: true },
  { name: 'utf-16be', word: 'né', bytes: '006e00e9', isWide: true },
];

export interface EncodedText {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  /** What it means; undefined where nothing can know, so that it must be refused. */
  readonly text: string | undefined;
  readonly target: string;
}

const NOBODYS: readonly [string, ...string[]] = ['utf-7', 'utf-32', 'klingon', 'x-user-defined', 'base64'];

export function encodedText(number: number, random: Random): EncodedText {
  const charset = pick(CHARSETS, random);
  const roll = random();
  // UTF-16 always has its name: without it, its ASCII would be UTF-8 with NULs.
  const said =
    roll < 0.7 || (roll < 0.85 && charset.isWide)
      ? charset.name
      : roll < 0.85
        ? undefined
        : pick(NOBODYS, random);
  const isKnown = said === charset.name || (said === undefined && charset.name === 'utf-8');
  const encode = (ascii: string): Buffer => {
    const bytes = Buffer.from(ascii, charset.isWide ? 'utf16le' : 'latin1');
    return charset.name === 'utf-16be' ? bytes.swap16() : bytes;
  };
  const bytes = Buffer.concat([encode(`text ${number} `), Buffer.from(charset.bytes, 'hex')]);
  const text = isKnown ? `text ${number} ${charset.word}` : undefined;
  const target = pick(['fr', 'es', 'pt-BR'], random);
  const isForm = random() < 0.6;
  const { headers, body, isRefused } = isForm
    ? form(bytes, encode(target), said, random)
    : json(Buffer.concat([encode('{"text":"'), bytes, encode(`","target":"${target}"}`)]), said, random);
  return { headers, body, text: isRefused ? undefined : text, target };
}

interface Shape {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  /** Whatever its charset. */
  readonly isRefused: boolean;
}

function json(body: Buffer, charset: string | undefined, random: Random): Shape {
  const type = `application/json${charset === undefined ? '' : parameter(charset, random)}`;
  if (random() < 0.6) return { headers: { 'Content-Type': type }, body, isRefused: false };
  const [encoding, compress] = pick<readonly [string, (bytes: Buffer) => Buffer]>(
    [
      ['gzip', gzipSync],
      ['deflate', deflateSync],
      ['br', brotliCompressSync],
    ],
    random,
  );
  const isCompressed = random() < 0.6;
  const headers = { 'Content-Type': type, 'Content-Encoding': encoding };
  return { headers, body: isCompressed ? compress(body) : body, isRefused: !isCompressed };
}

function form(text: Buffer, target: Buffer, charset: string | undefined, random: Random): Shape {
  const byField = charset !== undefined && random() < 0.2;
  const transferEncoding =
    random() < 0.2 ? pick(['7bit', 'BINARY', 'base64', 'quoted-printable'], random) : '';
  const parts = [
    part('text', text, byField ? undefined : charset, transferEncoding, random),
    part('target', target, byField ? undefined : charset, '', random),
    ...(byField ? [part('_charset_', Buffer.from(charset), undefined, '', random)] : []),
  ];
  if (random() < 0.5) parts.reverse();
  return {
    headers: { 'Content-Type': MULTIPART },
    body: Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)]),
    isRefused: /base64|quoted/.test(transferEncoding),
  };
}

function part(
  name: string,
  content: Buffer,
  charset: string | undefined,
  transferEncoding: string,
  random: Random,
): Buffer {
  const fold = random() < 0.2 ? '\r\n ' : ' ';
  const headers = [`Content-Disposition: form-data;${fold}name="${name}"`];
  if (charset !== undefined) headers.push(`content-type: text/plain${parameter(charset, random)}`);
  if (transferEncoding !== '') headers.push(`Content-Transfer-Encoding: ${transferEncoding}`);
  if (random() < 0.3) headers.reverse();
  const head = `--${BOUNDARY}\r\n${headers.join('\r\n')}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), content, Buffer.from('\r\n')]);
}

function parameter(charset: string, random: Random): string {
  const name = pick([charset, charset.toUpperCase(), `"${charset}"`], random);
  return `${pick(['; charset=', ';charset=', '; format=flowed; CHARSET='], random)}${name}`;
}
