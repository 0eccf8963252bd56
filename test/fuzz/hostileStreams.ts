// Makes byte streams for one HTTP connection: honest invocations and documents, and beside them everything that has ever made two parsers
// disagree about where a request ends.

import type { Random } from '../../src/base/random.ts';

export interface Dice {
  readonly random: Random;
  below(count: number): number;
  chance(share: number): boolean;
  pick<T>(items: readonly [T, ...T[]]): T;
}

export function createDice(random: Random): Dice {
  const below = (count: number): number => Math.floor(random.fraction() * count);
  return {
    random,
    below,
    chance: (share) => random.fraction() < share,
    pick: (items) => items[below(items.length)] ?? items[0],
  };
}

/** One to six requests, some of them broken, as the bytes of one connection. */
export function hostileStream(dice: Dice): Buffer {
  const parts: Buffer[] = [];
  for (let count = 1 + dice.below(6); count > 0; count -= 1) parts.push(dice.chance(0.7) ? honestRequest(dice) : dice.chance(0.8) ? crookedRequest(dice) : otherRequest(dice));
  const stream = Buffer.concat(parts);
  return dice.chance(0.2) ? mutate(stream, dice) : stream;
}

/** The stream in pieces, as a network might deliver it. */
export function splitAtRandom(stream: Buffer, dice: Dice): Buffer[] {
  const pieces: Buffer[] = [];
  const typical = dice.pick([4, 40, 400, 4_000, 100_000]);
  for (let start = 0; start < stream.length; ) {
    const end = pieces.length > 40 ? stream.length : start + 1 + dice.below(typical * 2);
    pieces.push(stream.subarray(start, end));
    start = end;
  }
  return pieces;
}

function invocationPath(dice: Dice): string {
  const name = dice.pick(['hello', 'a-b_c', 'arn:aws:lambda:us-east-1:000000000000:function:hello', 'arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Ahello', 'x:$LATEST']);
  return `/2015-03-31/functions/${name}/invocations${dice.pick(['', '', '?Qualifier=%24LATEST', '?', '?a=b&c', '?x=y=z'])}`;
}

function honestHeaders(dice: Dice, bodyBytes: number): string[] {
  const lines = [
    `${dice.pick(['Host', 'host', 'HOST'])}: 127.0.0.1:4566`,
    `${dice.pick(['Content-Length', 'content-length', 'CONTENT-LENGTH'])}:${dice.chance(0.9) ? ' ' : dice.pick(['', '  ', '\t'])}${bodyBytes}${dice.chance(0.95) ? '' : dice.pick([' ', '\t'])}`,
    'X-Amz-Date: 20260101T000000Z',
  ];
  const more = ['Connection: keep-alive', 'connection: Keep-Alive', 'X-Amz-Log-Type:Tail', 'X-Empty:', 'X-Blank: \t ', 'X-Twice: a', 'X-Twice: b', '__proto__: x', 'constructor: x', 'X-High: caf\xe9 \xa0', 'X-Quote: "a, b"', 'Cookie: a=b', 'Cookie: c=d', 'Host: again', 'content-type: application/json', 'content-type: text/plain'];
  for (const line of more) if (dice.chance(0.15)) lines.splice(dice.below(lines.length + 1), 0, line);
  return lines;
}

function bodyOf(dice: Dice): Buffer {
  if (dice.chance(0.2)) return Buffer.alloc(0);
  // A body that reads as a request: whoever counts wrongly serves it.
  if (dice.chance(0.3)) return Buffer.from(`POST ${invocationPath(dice)} HTTP/1.1\r\nHost: smuggled\r\nContent-Length: 0\r\n\r\n`, 'latin1');
  return dice.random.bytes(dice.pick([1, 7, 100, 3_000, 70_000]));
}

function honestRequest(dice: Dice): Buffer {
  const body = bodyOf(dice);
  const headers = honestHeaders(dice, body.length);
  if (dice.chance(0.5)) return assemble(`POST ${invocationPath(dice)} HTTP/1.1`, headers, body);
  const kind = dice.pick(['X-Amz-Target: AmazonSQS.SendMessage', 'x-amz-target:DynamoDB_20120810.GetItem', 'Content-Type: application/x-www-form-urlencoded', 'content-type:application/x-www-form-urlencoded; charset=utf-8', ...(dice.chance(0.8) ? [] : ['Content-Type: multipart/form-data'])]);
  return assemble(`POST ${dice.chance(0.97) ? '/' : dice.pick(['/?delete', '/queue', '//', '*', '/ '])} HTTP/1.1`, [...headers, kind], body);
}

function assemble(line: string, headers: readonly string[], body: Buffer, lineEnd = '\r\n'): Buffer {
  return Buffer.concat([Buffer.from(`${[line, ...headers].join(lineEnd)}${lineEnd}${lineEnd}`, 'latin1'), body]);
}

const crookedHeaders = (bytes: number) =>
  [
    `Content-Length: ${bytes}`,
    `Content-Length: ${bytes + 1}`,
    'Content-Length: 0',
    `Content-Length: +${bytes}`,
    `Content-Length: 0${bytes}`,
    `Content-Length: ${bytes}, ${bytes}`,
    `Content-Length: 0x${bytes.toString(16)}`,
    'Content-Length: 99999999999999999999',
    'Content-Length:',
    'Content-Length: -1',
    `Content-Length : ${bytes}`,
    `Content_Length: ${bytes + 3}`,
    `Content-Length\t: ${bytes}`,
    `Content-Length:\x0b${bytes}`,
    `Content-Length: ${bytes}\xa0`,
    'Transfer-Encoding: chunked',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding: identity',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding:\r\n chunked',
    'transfer-encoding:\x0bchunked',
    'Expect: 100-continue',
    'Upgrade: websocket',
    'Connection: upgrade',
    'Connection: close',
    'Connection: keep-alive, close',
    'Connection: Content-Length',
    'Trailer: x',
    ' folded: x',
    '\tfolded: x',
    'X-Folded: a\r\n b',
    'No colon here',
    ': no name',
    'Bad name: x',
    'Bad\tname: x',
    'X-Nul: a\0b',
    'X-Cr: a\rb',
    'X-Lf: a\nContent-Length: 0',
    'X-Bell: \x07',
    'X-Del: \x7f',
    `X-Long: ${'a'.repeat(17_000)}`,
    ...Array.from({ length: 3 }, () => Array.from({ length: 90 }, (_, index) => `X-Many-${index}: y`).join('\r\n')),
  ] as const;

function crookedRequest(dice: Dice): Buffer {
  const body = bodyOf(dice);
  const path = invocationPath(dice);
  const headers = honestHeaders(dice, body.length);
  if (dice.chance(0.35)) {
    const line = dice.pick([
      `post ${path} HTTP/1.1`, `POST ${path} HTTP/1.0`, `POST ${path} HTTP/1.1 `, `POST  ${path} HTTP/1.1`, `POST\t${path} HTTP/1.1`, `POST ${path}  HTTP/1.1`, ` POST ${path} HTTP/1.1`,
      `POST http://127.0.0.1${path} HTTP/1.1`, `POST ${path}#part HTTP/1.1`, `POST ${path}\xff HTTP/1.1`, `POST ${path}\0 HTTP/1.1`, `POST ${path} HTTP/2.0`, `POST ${path} HTTP/1.2`, `POST ${path}`,
      `POST ${path} HTTP/1.1\r`, `\r\nPOST ${path} HTTP/1.1`, `\nPOST ${path} HTTP/1.1`, `PUT ${path} HTTP/1.1`, `POST ${path.replace('/functions/', '//functions/')} HTTP/1.1`, `POST ${path.replace('functions', 'functions/..')} HTTP/1.1`,
    ]);
    return assemble(line, headers, body);
  }
  const crooked = dice.pick(crookedHeaders(body.length));
  headers.splice(dice.below(headers.length + 1), 0, crooked);
  if (dice.chance(0.4)) headers.splice(headers.findIndex((header) => /^content-length:/i.test(header)), 1);
  const chunked = dice.chance(0.5) && crooked.toLowerCase().includes('chunked');
  const content = chunked ? Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]) : body;
  return assemble(`POST ${path} HTTP/1.1`, headers, content, dice.chance(0.1) ? dice.pick(['\n', '\r', '\n\r']) : '\r\n');
}

function otherRequest(dice: Dice): Buffer {
  const body = bodyOf(dice);
  return dice.pick([
    assemble('GET / HTTP/1.1', ['Host: x'], Buffer.alloc(0)),
    assemble('POST / HTTP/1.1', ['Host: x', `Content-Length: ${body.length}`], body),
    assemble('POST /2015-03-31/functions HTTP/1.1', ['Host: x', `Content-Length: ${body.length}`], body),
    assemble(`GET ${invocationPath(dice)} HTTP/1.1`, ['Host: x'], Buffer.alloc(0)),
    assemble('POST / HTTP/1.1', ['Host: x', 'Transfer-Encoding: chunked'], Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from(`\r\n${body.length === 0 ? '' : '0\r\n\r\n'}`)])),
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  ]);
}

function mutate(stream: Buffer, dice: Dice): Buffer {
  const at = dice.below(Math.min(stream.length, dice.pick([40, 400, stream.length])));
  const inserted = Buffer.from(dice.pick(['\r', '\n', '\r\n', '\0', ' ', '\t', ':', 'A', '\xff', '']), 'latin1');
  return Buffer.concat([stream.subarray(0, at), inserted, stream.subarray(at + dice.below(3))]);
}
