import { errors } from '../errors.ts';

export interface CopySource {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId: string | undefined;
}

/** `x-amz-copy-source`: `[/]bucket/key[?versionId=…]`, percent-encoded. */
export function parseCopySource(text: string): CopySource {
  if (text.startsWith('arn:')) throw errors.unsupported('Copying through an access point');
  const mark = text.lastIndexOf('?versionId=');
  const path = decode(mark < 0 ? text : text.slice(0, mark)).replace(/^\//, '');
  const slash = path.indexOf('/');
  if (slash < 1 || slash === path.length - 1) throw errors.invalidArgument('Invalid copy source object key', 'x-amz-copy-source', text);
  return { Bucket: path.slice(0, slash), Key: path.slice(slash + 1), VersionId: mark < 0 ? undefined : decode(text.slice(mark + '?versionId='.length)) };
}

// Some clients encode, some do not: what is no percent-encoding is taken as it is. Others encode as forms do (Go's QueryEscape, which
// s5cmd uses), with a plus sign for a space.
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
