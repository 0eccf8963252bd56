// What services that put objects into their users' buckets in their own name ask of S3: exports of CloudWatch Logs.

export interface ServiceObjectQuestion {
  readonly bucket: string;
  /** For `s3:PutObject`. */
  readonly key?: string;
  readonly action: 's3:GetBucketAcl' | 's3:PutObject';
  /** Who acts; any of these principals will do, for some services have one for each region besides. */
  readonly services: readonly string[];
  /** The resource it acts for. */
  readonly sourceArn: string;
  readonly sourceAccount: string;
  readonly region: string;
}

export type ServiceObjectVerdict =
  | { readonly kind: 'allowed'; readonly region: string }
  | { readonly kind: 'absent' }
  /** `remedy` is what the bucket's policy would have to say: for the server's log, not for the caller. */
  | { readonly kind: 'denied'; readonly remedy: string };

export interface ServiceObject extends Omit<ServiceObjectQuestion, 'action'> {
  readonly key: string;
  readonly contentType: string;
  readonly body: Uint8Array;
}

export interface ServiceObjects {
  /** Whether a bucket's own policy lets a service do something. */
  may(question: ServiceObjectQuestion): Promise<ServiceObjectVerdict>;
  /** Puts an object, which belongs to the bucket's owner; refused as `may` says. What a key of the bucket refuses is thrown. */
  put(object: ServiceObject): Promise<ServiceObjectVerdict>;
}
