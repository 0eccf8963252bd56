// `multipart/form-data` as browsers send it (RFC 7578), read as it arrives: the fields first, then the file, of which nothing is held.

import { errors } from '../errors.ts';
import { formFieldsBytesMax, formHeadBytesMax } from '../limits.ts';

export interface FormFile {
  readonly fileName: string | undefined;
  readonly contentType: string | undefined;
}

export interface Form {
  /** Names in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  readonly file: FormFile;
  /** The file's bytes; ends at the boundary. */
  readonly body: AsyncGenerator<Uint8Array>;
}

/** Reads a form up to its file; what comes behind that is not looked at, as S3 does. */
export async function readForm(source: AsyncIterable<Uint8Array>, contentType: string): Promise<Form> {
  const boundary = /boundary="?([^";]{1,70})"?/i.exec(contentType)?.[1];
  if (boundary === undefined) throw malformed();
  const pieces = source[Symbol.asyncIterator]();
  const marker = Buffer.from(`\r\n--${boundary}`);
  // The first boundary has no line before it.
  let held = Buffer.from('\r\n');
  const more = async (): Promise<boolean> => {
    const next = await pieces.next();
    if (next.done) return false;
    held = Buffer.concat([held, next.value]);
    return true;
  };
  const until = async (what: Buffer, bytesMax: number): Promise<Buffer> => {
    for (;;) {
      const at = held.indexOf(what);
      if (at >= 0) {
        const found = held.subarray(0, at);
        held = held.subarray(at + what.length);
        return found;
      }
      if (held.length > bytesMax) throw errors.maxPostPreDataLengthExceeded();
      if (!(await more())) throw malformed();
    }
  };
  await until(marker, formHeadBytesMax);
  const fields = new Map<string, string>();
  let bytes = 0;
  for (;;) {
    while (held.length < 2) if (!(await more())) throw malformed();
    if (held.subarray(0, 2).toString('latin1') === '--') throw errors.invalidArgument('POST requires exactly one file upload per request.', 'file', '0');
    const head = parseHead((await until(Buffer.from('\r\n\r\n'), formHeadBytesMax)).toString('utf8'));
    if (head.name === 'file') return { fields, file: head, body: readFile(pieces, held, marker) };
    const value = await until(marker, formFieldsBytesMax);
    bytes += value.length;
    if (bytes > formFieldsBytesMax) throw errors.maxPostPreDataLengthExceeded();
    fields.set(head.name, value.toString('utf8'));
  }
}

async function* readFile(pieces: AsyncIterator<Uint8Array>, begun: Buffer, marker: Buffer): AsyncGenerator<Uint8Array> {
  let held = begun;
  for (;;) {
    const at = held.indexOf(marker);
    if (at >= 0) {
      if (at > 0) yield held.subarray(0, at);
      // The rest of the request has to be read all the same.
      while (!(await pieces.next()).done);
      return;
    }
    // What may be the beginning of the boundary waits for what follows.
    const sure = Math.max(0, held.length - marker.length + 1);
    if (sure > 0) yield held.subarray(0, sure);
    const next = await pieces.next();
    if (next.done) throw malformed();
    held = Buffer.concat([held.subarray(sure), next.value]);
  }
}

function parseHead(text: string): FormFile & { readonly name: string } {
  const disposition = /content-disposition:[^\r\n]*/i.exec(text)?.[0] ?? '';
  const name = /[;\s]name="([^"]*)"/i.exec(disposition)?.[1];
  if (name === undefined) throw malformed();
  return { name: name.toLowerCase(), fileName: /filename="([^"]*)"/i.exec(disposition)?.[1], contentType: /content-type:\s*([^\r\n]+)/i.exec(text)?.[1]?.trim() };
}

const malformed = () => errors.malformedPost();
