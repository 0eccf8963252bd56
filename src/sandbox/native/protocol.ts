// The messages between the server and its helper (protocol.h says the same in C). Numbers are little-endian, as both
// architectures are that the helper is built for.

export const operations = { adopt: 1, place: 2, listen: 3, release: 4 } as const;
export type Operation = keyof typeof operations;

/** Length, id and operation. */
const headerBytes = 12;
const replyBytes = 12;
/** A path and its end in the helper's buffer (PATH_MAX). */
const pathBytesMax = 4096;

/** A request whose body is numbers, then strings that each end with a zero byte. */
export function encodeRequest(id: number, operation: Operation, numbers: readonly number[], paths: readonly string[] = []): Buffer {
  const strings = paths.map((path) => {
    const bytes = Buffer.from(`${path}\0`);
    if (path.includes('\0') || bytes.length > pathBytesMax || (path !== '' && !path.startsWith('/'))) throw new RangeError('not a path that the helper takes');
    return bytes;
  });
  const header = Buffer.alloc(headerBytes + 4 * numbers.length);
  header.writeUInt32LE(4 * numbers.length + strings.reduce((sum, { length }) => sum + length, 0), 0);
  header.writeUInt32LE(id, 4);
  header.writeUInt32LE(operations[operation], 8);
  numbers.forEach((number, index) => header.writeUInt32LE(number, headerBytes + 4 * index));
  return Buffer.concat([header, ...strings]);
}

export interface Reply {
  readonly id: number;
  /** 0 or an errno. */
  readonly error: number;
  readonly value: number;
}

/** Cuts the helper's replies out of a byte stream. */
export class ReplyReader {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Reply[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const replies: Reply[] = [];
    let at = 0;
    for (; this.#rest.length - at >= replyBytes; at += replyBytes) {
      replies.push({ id: this.#rest.readUInt32LE(at), error: this.#rest.readUInt32LE(at + 4), value: this.#rest.readUInt32LE(at + 8) });
    }
    this.#rest = this.#rest.subarray(at);
    return replies;
  }
}

/** What `enter` reads when it has to wait for the program that it becomes. */
export function encodeStart(folder: string, command: readonly string[], variables: Readonly<Record<string, string>>): Buffer {
  const strings = [folder, String(command.length), ...command, ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)];
  const body = Buffer.from(strings.map((text) => `${text.replaceAll('\0', '')}\0`).join(''));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length, 0);
  return Buffer.concat([length, body]);
}
