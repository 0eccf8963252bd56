import type { Socket } from 'node:net';
import { systemErrorCode } from '../base/errors.ts';

/** Answers bytes that are no proper request, whichever parser found that out, and closes the connection. */
export function answerMalformed(error: Error, socket: Socket): void {
  const code = systemErrorCode(error) ?? '';
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, reason] = malformedAnswers[code] ?? [400, 'Bad Request'];
  endWith(socket, status, reason);
}

/** Answers a request that did not arrive in time, and closes the connection. */
export function answerTimeout(socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  endWith(socket, 408, 'Request Timeout');
}

const malformedAnswers: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};

function endWith(socket: Socket, status: number, reason: string): void {
  const body = JSON.stringify({ __type: 'MalformedHttpRequestException', message: reason });
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
