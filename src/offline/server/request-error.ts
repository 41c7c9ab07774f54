/** What the server refuses: thrown by a handler, told to the client as one `error` event that names the client's event. */
export class RequestError extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  readonly param: string | undefined;

  constructor(code: string, message: string, param?: string) {
    super(message);
    this.code = code;
    this.param = param;
  }
}
