/** One line of what `recorder.c` wrote down. */
export type DiskEvent =
  | { readonly kind: 'open'; readonly file: number; readonly path: string; readonly created: boolean; readonly folder: boolean; readonly cut: boolean }
  | { readonly kind: 'write'; readonly file: number; readonly offset: number; readonly bytes: Buffer; readonly synced: boolean }
  | { readonly kind: 'truncate'; readonly file: number; readonly length: number }
  | { readonly kind: 'sync'; readonly file: number }
  | { readonly kind: 'rename' | 'link'; readonly from: string; readonly to: string }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'said'; readonly text: string };

const headBytes = 21;
const flags = { created: 1, folder: 2, synced: 4, cut: 8 } as const;

/** The events of a record; a last one that was cut off is left out. */
export function parseRecord(record: Buffer): DiskEvent[] {
  const events: DiskEvent[] = [];
  for (let at = 0; at + headBytes <= record.length; ) {
    const length = record.readUInt32LE(at + 17);
    const end = at + headBytes + length;
    if (end > record.length) break;
    events.push(parseEvent(record.subarray(at, at + headBytes), record.subarray(at + headBytes, end)));
    at = end;
  }
  return events;
}

function parseEvent(head: Buffer, bytes: Buffer): DiskEvent {
  const file = head.readUInt32LE(1);
  const offset = Number(head.readBigUInt64LE(5));
  const marks = head.readUInt32LE(13);
  const has = (flag: number): boolean => (marks & flag) !== 0;
  switch (head.readUInt8(0)) {
    case 1:
      return { kind: 'open', file, path: bytes.toString(), created: has(flags.created), folder: has(flags.folder), cut: has(flags.cut) };
    case 2:
      return { kind: 'write', file, offset, bytes, synced: has(flags.synced) };
    case 3:
      return { kind: 'truncate', file, length: offset };
    case 4:
      return { kind: 'sync', file };
    case 5:
    case 6: {
      const [from = '', to = ''] = bytes.toString().split('\0');
      return { kind: head.readUInt8(0) === 5 ? 'rename' : 'link', from, to };
    }
    case 7:
      return { kind: 'unlink', path: bytes.toString() };
    default:
      return { kind: 'said', text: bytes.toString() };
  }
}
