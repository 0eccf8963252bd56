import { Transform, type TransformCallback } from 'node:stream';

/** What goes in comes out as chunks of HTTP/1.1 (RFC 9112, 7.1), and the end as the last of them. */
export class ChunkedCoding extends Transform {
  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    // An empty chunk would be the end.
    if (piece.length > 0) {
      this.push(`${piece.length.toString(16)}\r\n`, 'latin1');
      this.push(piece);
      this.push('\r\n', 'latin1');
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    done(null, '0\r\n\r\n');
  }
}
