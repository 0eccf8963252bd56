import { createDigest, type DigestName } from '../wire/bodyDecoder.ts';

/** Reads a body to its end and answers its digests, base64: for what did not arrive in a request, which has its own (`StreamedBody`). */
export async function digestBody<Name extends DigestName>(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, names: readonly Name[]): Promise<Record<Name, string>> {
  const digests = names.map((name) => [name, createDigest(name)] as const);
  for await (const piece of body) for (const [, digest] of digests) digest.update(piece);
  return Object.fromEntries(digests.map(([name, digest]) => [name, digest.digest()])) as Record<Name, string>;
}

/** The same while the body passes on to somebody else; `done` is called once it has ended. */
export async function* digestPassing<Name extends DigestName>(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  names: readonly Name[],
  done: (digests: Record<Name, string>) => void,
): AsyncGenerator<Uint8Array> {
  const digests = names.map((name) => [name, createDigest(name)] as const);
  for await (const piece of body) {
    for (const [, digest] of digests) digest.update(piece);
    yield piece;
  }
  done(Object.fromEntries(digests.map(([name, digest]) => [name, digest.digest()])) as Record<Name, string>);
}
