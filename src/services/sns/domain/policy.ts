// A topic's own policy: the one it is made with, and what AddPermission makes of it.
// https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html

import { invalidParameter } from '../errors.ts';

interface Statement {
  readonly Sid?: string;
}

interface Document {
  readonly Statement: readonly Statement[];
}

const ownersActions = ['GetTopicAttributes', 'SetTopicAttributes', 'AddPermission', 'RemovePermission', 'DeleteTopic', 'Subscribe', 'ListSubscriptionsByTopic', 'Publish'];

/** What a topic that nobody gave a policy answers: its own account may use it, as far as IAM lets its users. */
export function defaultPolicy(topicArn: string, account: string): string {
  return JSON.stringify({
    Version: '2008-10-17',
    Id: '__default_policy_ID',
    Statement: [
      {
        Sid: '__default_statement_ID',
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: ownersActions.map((name) => `SNS:${name}`),
        Resource: topicArn,
        Condition: { StringEquals: { 'AWS:SourceOwner': account } },
      },
    ],
  });
}

export interface Permission {
  readonly label: string;
  readonly topicArn: string;
  readonly accountIds: readonly string[];
  readonly actions: readonly string[];
}

/** The policy with one statement more. */
export function addStatement(policy: string, { label, topicArn, accountIds, actions }: Permission): string {
  const document = parseDocument(policy);
  if (document.Statement.some(({ Sid }) => Sid === label)) throw invalidParameter('Statement already exists');
  const principals = accountIds.map((id) => `arn:aws:iam::${id}:root`);
  const names = actions.map((action) => `SNS:${action}`);
  const statement = {
    Sid: label,
    Effect: 'Allow',
    Principal: { AWS: principals.length === 1 ? principals[0] : principals },
    Action: names.length === 1 ? names[0] : names,
    Resource: topicArn,
  };
  return JSON.stringify({ ...document, Statement: [...document.Statement, statement] });
}

/** The policy without the statement of that name, which need not be there. */
export function removeStatement(policy: string, label: string): string {
  const document = parseDocument(policy);
  return JSON.stringify({ ...document, Statement: document.Statement.filter(({ Sid }) => Sid !== label) });
}

function parseDocument(policy: string): Document {
  const parsed = JSON.parse(policy) as { readonly Statement: Statement | readonly Statement[] };
  return { ...parsed, Statement: [parsed.Statement].flat() as Statement[] };
}
