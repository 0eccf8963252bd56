import { queueNameLengthMax } from '../limits.ts';

export interface QueueAddress {
  readonly account: string;
  readonly name: string;
  /** Only where the host says so. */
  readonly region: string | undefined;
}

const addressPattern = /^(?:[a-z]+:\/\/([^/?#]*))?\/(?:queue\/([a-z0-9-]{1,30})\/)?(\d{12})\/([A-Za-z0-9_.-]+)\/?$/i;

/**
 * The queue that a URL names: `http://host:port/account/name` of whatever host, the regional hosts `sqs.eu-west-1.…` and
 * `eu-west-1.queue.…` (those of before 2013 as well), and the path alone, which old clients address their requests to.
 */
export function parseQueueUrl(url: string): QueueAddress | undefined {
  const match = url.length > 2_048 ? undefined : addressPattern.exec(url);
  if (!match) return undefined;
  const [, host = '', pathRegion, account = '', name = ''] = match;
  if (name.length > queueNameLengthMax) return undefined;
  return { account, name, region: pathRegion ?? regionOfHost(host) };
}

const regionName = '[a-z]{2}(?:-[a-z]+)+-\\d';
const regionalHosts = [new RegExp(`^sqs\\.(${regionName})\\.`), new RegExp(`^(${regionName})\\.queue\\.`)];

function regionOfHost(host: string): string | undefined {
  for (const pattern of regionalHosts) {
    const region = pattern.exec(host)?.[1];
    if (region !== undefined) return region;
  }
  return host.startsWith('queue.') ? 'us-east-1' : undefined;
}

/** Letters, digits, hyphens and underscores; FIFO queues end in `.fifo`. */
export function isQueueName(name: string, fifo: boolean): boolean {
  if (name.length > queueNameLengthMax) return false;
  return fifo ? /^[A-Za-z0-9_-]+\.fifo$/.test(name) : /^[A-Za-z0-9_-]+$/.test(name);
}

export function isAnyQueueName(name: string): boolean {
  return isQueueName(name, false) || isQueueName(name, true);
}
