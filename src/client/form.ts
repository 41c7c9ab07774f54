/** The body of a request for a translation: JSON for a text, a form for a recording. */
import type { CommonInput, RecordingInput, RecordingSource, TextInput } from './types.js';

type Fields = Omit<CommonInput, 'signal'> &
  (TextInput | RecordingInput) & {
    readonly output?: string | undefined;
    readonly format?: string | undefined;
    readonly stream?: boolean | undefined;
  };

export function requestBody(input: Fields): FormData | object {
  if (input.file === undefined) return input;
  const { file, fileName, ...fields } = input;
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const values = typeof value === 'object' ? value : [value];
    for (const each of values) form.append(name, String(each));
  }
  appendRecording(form, file, fileName);
  return form;
}

/** The recording goes last, so that the service knows the other fields before it arrives. */
function appendRecording(form: FormData, file: RecordingSource, fileName: string | undefined): void {
  // A File goes in as it is: a copy would lose what a class derived from it adds.
  if (file instanceof File && fileName === undefined) form.append('file', file);
  else form.append('file', file instanceof Blob ? file : blobOf(file), fileName ?? 'recording');
}

function blobOf(bytes: ArrayBuffer | ArrayBufferView): Blob {
  if (bytes instanceof ArrayBuffer) return new Blob([bytes]);
  const copy = new Uint8Array(bytes.byteLength);
  copy.set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return new Blob([copy]);
}
