// Limits of the listener: what one client can make the server hold.

/** Request line and headers together; more is answered with 431. AWS's front ends stop between 8 and 16 KB per header. */
export const headBytesMax = 64 * 1024;
/** A client must have sent its headers within this time, and a body that is wanted whole within the next. */
export const headTimeoutMs = 20_000;
export const requestTimeoutMs = 300_000;
/** A body that is taken as it comes (objects of 5 GB over a slow line) may take as long as it likes, but must not stand still for this long. */
export const bodyIdleMs = 60_000;
/** For the handshake of a TLS connection. */
export const handshakeTimeoutMs = 10_000;
export const keepAliveTimeoutMs = 65_000;
export const connectionsMax = 10_000;
/** Bodies of all requests being read at one moment; beyond it new ones are asked to retry (503). */
export const bodyBytesInFlightMax = 1024 * 1024 * 1024;
/** The part of it that one environment of a function may take: a whole package (50 MB, and as much again as base64) fits. */
export const functionBodyBytesInFlightMax = 128 * 1024 * 1024;
/** A body for an operation that names no limit of its own. */
export const bodyBytesMaxDefault = 16 * 1024 * 1024;
/** How much of one body is taken apart before everybody else has a turn: a millisecond's work. */
export const turnBytes = 512 * 1024;
/** An uploaded snapshot: larger ones are moved with the data folder. */
export const snapshotBytesMax = 256 * 1024 * 1024 * 1024;
/** How long a stop waits for requests under way. */
export const drainMs = 10_000;
/** How much of a body that nobody wants is still taken after the answer, and for how long, so that the client can read it. */
export const discardBytesMax = 8 * 1024 * 1024;
export const discardMs = 2_000;
/** How often connections that have become idle meanwhile are closed. */
export const drainSweepMs = 50;

/** Denials that `GET /_haneul/denials` tells without a request id. */
export const latestDenials = 20;
