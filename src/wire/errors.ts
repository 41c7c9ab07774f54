/** Why a frame is malformed, as the real servers put it: a code, a message and the parameter at fault. */
import type { z } from 'zod';

export interface WireError {
  code: string;
  message: string;
  param?: string;
}

type Path = readonly PropertyKey[];

/** Longer values are cut: a message must not carry a payload. */
const MAX_QUOTED = 64;

/** For use in a schema: rejects the current value with a code of the protocol. Its path is put before the message. */
export function addWireIssue(
  context: z.RefinementCtx,
  code: string,
  expectation: string,
  path: PropertyKey[] = [],
): void {
  context.addIssue({ code: 'custom', message: expectation, path, params: { code } });
}

/** The first issue that a schema found in a frame. */
export function toWireError(error: z.ZodError, frame: unknown): WireError {
  const issue = error.issues[0];
  return issue === undefined
    ? { code: 'invalid_event', message: 'Invalid event.' }
    : explain(issue, frame, []);
}

function explain(issue: z.core.$ZodIssue, frame: unknown, parent: Path): WireError {
  const path = [...parent, ...issue.path];
  const param = formatPath(path);
  const value = valueAt(frame, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return unknownParameter(formatPath([...path, issue.keys[0] ?? '']));
    case 'invalid_key':
      return aboveMaxLength(param, maximumOf(issue.issues[0]), path.at(-1));
    case 'custom':
      return {
        code: typeof issue.params?.code === 'string' ? issue.params.code : 'invalid_value',
        message: `Invalid '${param}'. ${issue.message}`,
        param,
      };
    case 'too_big':
      if (issue.origin === 'string') return aboveMaxLength(param, Number(issue.maximum), value);
      return invalidValue(param, `Expected a value of at most ${String(issue.maximum)}.`);
    case 'too_small':
      return invalidValue(param, `Expected a value of at least ${String(issue.minimum)}.`);
    default:
      if (value === undefined) return missingParameter(param);
  }
  switch (issue.code) {
    case 'invalid_value':
      return unsupportedValue(param, value, issue.values);
    case 'invalid_union': {
      if (issue.discriminator !== undefined) return unsupportedValue(param, value, optionsOf(issue));
      const deepest = issue.errors.flat().sort((a, b) => b.path.length - a.path.length)[0];
      if (deepest !== undefined && deepest.path.length > 0) return explain(deepest, frame, path);
      return invalidValue(param, 'Expected another value.');
    }
    case 'invalid_type':
      return {
        code: 'invalid_type',
        message: `Invalid type for '${param}': expected ${issue.expected}, but got ${kindOf(value)} instead.`,
        param,
      };
    default:
      return invalidValue(param, 'Expected another value.');
  }
}

/** The only issue that a key can have is its length. */
function maximumOf(issue: z.core.$ZodIssue | undefined): number {
  return issue?.code === 'too_big' ? Number(issue.maximum) : 0;
}

/** zod's issue has `options`, its type does not. */
function optionsOf(issue: object): readonly unknown[] {
  return 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
}

export function unsupportedValue(param: string, value: unknown, supported: readonly unknown[]): WireError {
  const values = supported.map((one) => `'${String(one)}'`);
  const list =
    values.length > 1 ? `${values.slice(0, -1).join(', ')} and ${values.at(-1) ?? ''}` : values.join();
  return {
    code: 'invalid_value',
    message: `Invalid value: ${quote(value)}. Supported values are: ${list}.`,
    param,
  };
}

function unknownParameter(param: string): WireError {
  return { code: 'unknown_parameter', message: `Unknown parameter: '${param}'.`, param };
}

function missingParameter(param: string): WireError {
  return { code: 'missing_required_parameter', message: `Missing required parameter: '${param}'.`, param };
}

function invalidValue(param: string, expectation: string): WireError {
  return { code: 'invalid_value', message: `Invalid '${param}'. ${expectation}`, param };
}

function aboveMaxLength(param: string, max: number, value: unknown): WireError {
  const length = typeof value === 'string' ? value.length : 0;
  return {
    code: 'string_above_max_length',
    message:
      `Invalid '${param}': string too long. Expected a string with maximum length ${max}, ` +
      `but got a string with length ${length} instead.`,
    param,
  };
}

/** `['item', 'content', 0, 'text']` is `item.content[0].text`. */
function formatPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    const name = cut(String(key));
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

function valueAt(frame: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null
        ? Object.getOwnPropertyDescriptor(value, key)?.value
        : undefined,
    frame,
  );
}

function quote(value: unknown): string {
  return typeof value === 'string' ? `'${cut(value)}'` : `'${kindOf(value)}'`;
}

function cut(text: string): string {
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
