import { formatArn, parseArn } from '../../../base/arn.ts';

/** `arn:aws:iam::<account>:<kind><path><name>`. */
export function iamArn(account: string, kind: 'role' | 'user' | 'group' | 'policy' | 'instance-profile', path: string, name: string): string {
  return formatArn({ service: 'iam', region: '', account, resource: `${kind}${path}${name}` });
}

export interface PolicyArn {
  /** `aws` for the policies that AWS maintains. */
  readonly account: string;
  readonly path: string;
  readonly name: string;
}

/** Undefined when `text` is not the ARN of a managed policy. */
export function parsePolicyArn(text: string): PolicyArn | undefined {
  const arn = parseArn(text);
  const match = /^policy(\/(?:.*\/)?)([^/]+)$/.exec(arn?.resource ?? '');
  if (!arn || arn.service !== 'iam' || arn.region !== '' || !/^(aws|\d{12})$/.test(arn.account) || !match) return undefined;
  const [, path = '/', name = ''] = match;
  return { account: arn.account, path, name };
}

/** Path and name of the role or user in an ARN; undefined for anything else. */
export function parseEntityArn(text: string): { kind: 'role' | 'user'; account: string; path: string; name: string } | undefined {
  const arn = parseArn(text);
  const match = /^(role|user)(\/(?:.*\/)?)([^/]+)$/.exec(arn?.resource ?? '');
  if (!arn || arn.service !== 'iam' || !/^\d{12}$/.test(arn.account) || !match) return undefined;
  const [, kind, path = '/', name = ''] = match;
  return { kind: kind === 'role' ? 'role' : 'user', account: arn.account, path, name };
}
