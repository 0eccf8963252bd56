/** A JSON document from this size on is taken apart while it comes, if it holds blobs. Smaller ones are parsed in a few milliseconds. */
export const documentInPiecesBytesMin = 1024 * 1024;
/** A body that came whole is handed to those who read streams in pieces of this size. */
export const pieceBytes = 64 * 1024;
