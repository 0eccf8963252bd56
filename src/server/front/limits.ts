// Bounds of the fast path. What exceeds them is no error: node:http serves it instead.

import { documentInPiecesBytesMin } from '../../framework/limits.ts';

/** Largest head, and in how many pieces it may arrive, before node:http takes over. Signed requests of AWS's clients have 0.6 to 3 KB. */
export const fastHeadBytesMax = 16 * 1024;
export const fastHeadPiecesMax = 16;
/** Header lines of one request; AWS's clients send 8 to 20. */
export const fastHeadersMax = 64;
/** Larger documents are read in pieces, which only node:http hands over. */
export const fastDocumentBytesMax = documentInPiecesBytesMin;
/** Answers up to this size are copied behind their head, so that both leave in one write. */
export const scratchBytes = 64 * 1024;
/** How often connections are checked for having been quiet for too long: one timer for all of them. */
export const sweepEveryMs = 1_000;
