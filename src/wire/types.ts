// What the wire layer takes and gives. Everything above it sees typed input and output; everything below is bytes.

import type { Readable } from 'node:stream';

/** The head of an HTTP request, as it came: nothing decoded, header names in lower case, repeated headers joined by ", ". */
export interface RequestHead {
  readonly method: string;
  /** The path as sent, still percent-encoded, without the query. */
  readonly path: string;
  /** The query as sent, without "?"; '' when there is none. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  /** It arrived over TLS. */
  readonly secure?: true;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string | Readable;
  /** One Set-Cookie field each: the only field that cannot be joined. */
  readonly cookies?: readonly string[];
}

export type ProtocolName = 'restJson1' | 'restXml' | 'awsJson1_0' | 'awsJson1_1' | 'awsQuery' | 'ec2Query' | 'rpcv2Cbor';

/** What a formatter needs to know besides the output. */
export interface ResponseMeta {
  readonly requestId: string;
}
