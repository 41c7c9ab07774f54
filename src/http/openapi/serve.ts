/** The service described for machines: each document made once, when it is first asked for. */
import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';

/** @param describe makes the document. */
export function serveJsonDocument(describe: () => object): RequestHandler {
  let made: { body: Buffer; etag: string } | undefined;
  const make = (): { body: Buffer; etag: string } => {
    const body = Buffer.from(JSON.stringify(describe()));
    return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
  };
  return (req, res) => {
    made ??= make();
    res.setHeader('Cache-Control', 'no-cache');
    res.setHeader('ETag', made.etag);
    if (req.fresh) {
      res.status(304).end();
      return;
    }
    res.setHeader('Content-Type', 'application/json; charset=utf-8');
    res.setHeader('Content-Length', made.body.length);
    res.end(made.body);
  };
}
