// Requests and answers of the APIs inside an environment.
import type { IncomingMessage, ServerResponse } from 'node:http';

export function replyJson(response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text), ...headers });
  response.end(text);
}

export const refuse = (response: ServerResponse, status: number, errorType: string, errorMessage: string): void => replyJson(response, status, { errorMessage, errorType });

export const headerOf = (message: IncomingMessage, name: string): string => {
  const value = message.headers[name];
  return typeof value === 'string' ? value.trim() : '';
};

/** The text of a small body; undefined when it is longer than `maximum` or broken off. */
export function readText(message: IncomingMessage, maximum: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    message.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes <= maximum) parts.push(part);
      else message.destroy();
    });
    message.once('end', () => resolve(Buffer.concat(parts).toString('utf8')));
    message.once('error', () => resolve(undefined));
    message.once('close', () => resolve(undefined));
  });
}
