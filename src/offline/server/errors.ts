/** The two kinds of failure that a client of the server is told. */

/** A client event that the server rejects: becomes an `error` event that names the client's event. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: string;
  readonly param: string | undefined;

  constructor(code: string, message: string, param?: string) {
    super(message);
    this.code = code;
    this.param = param;
  }
}

/** Ends a response as `failed` (code: `unsupported_language`, `offline_engine_missing`, `server_error`…) or `incomplete`. */
export class ResponderError extends Error {
  override readonly name = 'ResponderError';
  readonly code: string;
  readonly status: 'failed' | 'incomplete';

  /** For `incomplete` the code is its reason: `max_output_tokens` or `content_filter`. */
  constructor(code: string, message: string, status: 'failed' | 'incomplete' = 'failed') {
    super(message);
    this.code = code;
    this.status = status;
  }
}
