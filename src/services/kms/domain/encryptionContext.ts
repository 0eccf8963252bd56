import { errors } from '../errors.ts';
import { encryptionContextBytesMax } from '../limits.ts';

export type EncryptionContext = Readonly<Record<string, string>>;

/** The same bytes for the same pairs in whatever order: what a ciphertext is bound to (developer guide, "Encryption context"). */
export function canonicalContext(context: EncryptionContext): Buffer {
  const names = Object.keys(context).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const parts: Buffer[] = [];
  for (const text of names.flatMap((name) => [name, context[name] ?? ''])) {
    const bytes = Buffer.from(text);
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}

export function checkContext(context: EncryptionContext | undefined): EncryptionContext {
  if (context === undefined) return {};
  let bytes = 0;
  for (const [name, value] of Object.entries(context)) bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  if (bytes > encryptionContextBytesMax) throw errors.validation(`Encryption context is larger than ${encryptionContextBytesMax} bytes.`);
  return context;
}
