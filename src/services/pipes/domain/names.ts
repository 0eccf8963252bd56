import { formatArn, parseArn } from '../../../base/arn.ts';
import type { Scope } from '../../../kv/table.ts';

export interface PipeName extends Scope {
  readonly name: string;
}

export function pipeArn({ account, region, name }: PipeName): string {
  return formatArn({ service: 'pipes', account, region, resource: `pipe/${name}` });
}

/** Undefined for what is no pipe's ARN. */
export function parsePipeArn(arn: string): PipeName | undefined {
  const parsed = parseArn(arn);
  const name = parsed?.service === 'pipes' ? /^pipe\/([.\-_A-Za-z0-9]{1,64})$/.exec(parsed.resource)?.[1] : undefined;
  return parsed && name !== undefined ? { account: parsed.account, region: parsed.region, name } : undefined;
}
