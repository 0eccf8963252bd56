// How services put objects into buckets for their users: by an envelope of the outbox for the bucket's ARN, in the name of a role, with a
// payload that is made here.

export interface ObjectWrite {
  readonly key: string;
  readonly contentType: string;
  readonly body: Uint8Array;
}

const mark = Buffer.from('\u0000object-write\u0000');

/** The payload of an envelope (`EnvelopeDraft.payload`) whose `callingPrincipal`, the ARN of a role, must be let in by the bucket's policy or its own. */
export function encodeObjectWrite({ key, contentType, body }: ObjectWrite): Uint8Array {
  const head = Buffer.from(JSON.stringify({ key, contentType }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  return Buffer.concat([mark, length, head, body]);
}

/** Undefined for any other payload. */
export function decodeObjectWrite(payload: Uint8Array): ObjectWrite | undefined {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (!bytes.subarray(0, mark.length).equals(mark)) return undefined;
  const start = mark.length + 4;
  const end = start + bytes.readUInt32BE(mark.length);
  const { key, contentType } = JSON.parse(bytes.toString('utf8', start, end)) as Omit<ObjectWrite, 'body'>;
  return { key, contentType, body: bytes.subarray(end) };
}
