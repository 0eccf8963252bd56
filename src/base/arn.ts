/** The six parts of an Amazon Resource Name; `resource` keeps its own colons and slashes. */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  readonly resource: string;
}

/** Parses `arn:partition:service:region:account:resource`, or answers undefined when the text is not an ARN. */
export function parseArn(text: string): Arn | undefined {
  const match = /^arn:([^:]*):([^:]*):([^:]*):([^:]*):(.+)$/s.exec(text);
  if (!match) return undefined;
  const [, partition = '', service = '', region = '', account = '', resource = ''] = match;
  return { partition, service, region, account, resource };
}

/** The text of an ARN; the partition follows from the region when it is not given. */
export function formatArn(parts: Omit<Arn, 'partition'> & { readonly partition?: string }): string {
  const { partition = partitionOf(parts.region), service, region, account, resource } = parts;
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

/** The partition a region belongs to; global services have region '' and live in `aws`. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  return 'aws';
}
