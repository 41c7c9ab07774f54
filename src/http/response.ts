/** An answer whose headers are gathered and written in one go: set one by one they cost more than the JSON below them. */
import {
  ServerResponse,
  type IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
} from 'node:http';

/** Names and values in turn. */
export type HeaderList = readonly string[];

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

export class HttpResponse<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {
  #said: string[] = [];

  /** What is said again counts for what was said before. */
  say(name: string, value: string): void {
    const said = this.#said;
    // Names alone are looked at: a value may well be the name of another header.
    for (let at = 0; at < said.length; at += 2) {
      if (said[at] !== name) continue;
      said[at + 1] = value;
      return;
    }
    said.push(name, value);
  }

  /** Says them all; to be called before anything else is said. */
  begin(headers: HeaderList): void {
    this.#said = [...headers];
  }

  /** Whoever begins the answer: what was said goes with it, unless it was set by `setHeader` too, or is given here. */
  override writeHead(status: number, reason?: string | Headers, headers?: Headers): this {
    const said = this.#said;
    this.#said = [];
    if (reason === undefined && this.getHeaderNames().length === 0) return super.writeHead(status, said);
    for (let at = 0; at < said.length; at += 2) {
      const name = said[at] ?? '';
      if (!this.hasHeader(name)) this.setHeader(name, said[at + 1] ?? '');
    }
    if (typeof reason === 'string') return super.writeHead(status, reason, headers);
    return super.writeHead(status, reason ?? headers);
  }
}

/** Says it on an answer of ours; sets it on one that Express has made its own. */
export function say(res: ServerResponse, name: string, value: string): void {
  if (res instanceof HttpResponse) res.say(name, value);
  else res.setHeader(name, value);
}
