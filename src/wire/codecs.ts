// One codec per wire protocol. Adding a protocol is one more file and one more line here.

import type { ServiceError } from '../base/errors.ts';
import { createAwsJson } from './awsJson.ts';
import { awsQuery } from './awsQuery.ts';
import { ec2Query } from './ec2Query.ts';
import type { OperationModel, ServiceModel } from './model.ts';
import { restJson1 } from './restJson.ts';
import { restXml } from './restXml.ts';
import { rpcv2Cbor } from './rpcv2Cbor.ts';
import type { ProtocolName, RequestHead, ResponseMeta, WireResponse } from './types.ts';

export interface Codec {
  /**
   * Typed input of a request. `labels` come from `route`; a `body` of undefined means that the body is streamed: the chain puts
   * the stream at `streamingMember(operation.input)` itself. Throws a ServiceError for what does not fit the model.
   */
  parseInput(operation: OperationModel, head: RequestHead, labels: Readonly<Record<string, string>>, body: Uint8Array | undefined): object;
  /** The same from a JSON document that has been parsed already, with its blobs as bytes (blobSieve.ts). Only of the JSON protocols. */
  parseDocument?(operation: OperationModel, head: RequestHead, labels: Readonly<Record<string, string>>, document: unknown): object;
  /** An event stream in the output is an AsyncIterable; a streamed answer's body is a Readable. */
  formatOutput(operation: OperationModel, output: Readonly<Record<string, unknown>>, meta: ResponseMeta): WireResponse;
  /** Also for requests whose service or operation is not known. */
  formatError(service: ServiceModel | undefined, operation: OperationModel | undefined, error: ServiceError, meta: ResponseMeta): WireResponse;
}

const codecs: Readonly<Record<ProtocolName, Codec>> = {
  restJson1,
  awsJson1_0: createAwsJson('1.0'),
  awsJson1_1: createAwsJson('1.1'),
  awsQuery,
  ec2Query,
  restXml,
  rpcv2Cbor,
};

/** The codec of a protocol. */
export function codecOf(protocol: ProtocolName): Codec {
  return codecs[protocol];
}
