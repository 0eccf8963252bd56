/** Cuts text into pieces of at most `bytesMax` bytes of UTF-8, never inside a character. */
export function cutText(text: string, bytesMax: number): string[] {
  if (text.length * 3 <= bytesMax || Buffer.byteLength(text) <= bytesMax) return [text];
  const bytes = Buffer.from(text);
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    let end = Math.min(bytes.length, at + bytesMax);
    // 10xxxxxx continues a character.
    while (end < bytes.length && end > at + 1 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
    pieces.push(bytes.toString('utf8', at, end));
    at = end;
  }
  return pieces;
}
