/** Reads a multipart body strictly, as the parsers of the imitated servers do. */

export interface MultipartForm {
  readonly fields: Readonly<Record<string, string>>;
  readonly file: { readonly name: string; readonly type: string; readonly bytes: Buffer };
}

export function readMultipart(contentType: string, body: Buffer): MultipartForm {
  const boundary = /boundary=([^;]+)/.exec(contentType)?.[1];
  if (boundary === undefined) throw new Error(`no boundary in ${contentType}`);
  const parts = body.toString('latin1').split(`--${boundary}`);
  if (parts.pop() !== '--\r\n' || parts.shift() !== '') throw new Error('the body is not complete');
  const fields: Record<string, string> = {};
  let file: MultipartForm['file'] | undefined;
  for (const part of parts) {
    const end = part.indexOf('\r\n\r\n');
    const head = part.slice(2, end);
    const content = part.slice(end + 4, -2);
    const name = /name="([^"]*)"/.exec(head)?.[1] ?? '';
    const fileName = /filename="([^"]*)"/.exec(head)?.[1];
    if (fileName === undefined) fields[name] = Buffer.from(content, 'latin1').toString();
    else
      file = {
        name: fileName,
        type: /Content-Type: (\S+)/.exec(head)?.[1] ?? '',
        bytes: Buffer.from(content, 'latin1'),
      };
  }
  if (file === undefined) throw new Error('no file');
  return { fields, file };
}
