import { systemErrorCode } from '../base/errors.ts';

/** Whether an answer could not be written because the client went away. */
export function isDisconnect(error: unknown): boolean {
  const code = systemErrorCode(error);
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}
