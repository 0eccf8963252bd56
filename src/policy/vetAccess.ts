// Compares what an operation asks permission for with what AWS knows. It runs in tests: a policy that a user wrote from
// AWS's documentation can only ever match what AWS's own services ask.

import type { ActionCatalogue, ActionFacts, ServiceActions } from './actionCatalogue.ts';

export interface AskedAccess {
  readonly action: string;
  readonly resource: string;
  readonly conditions?: Readonly<Record<string, unknown>> | undefined;
}

/** What is wrong with a permission that an operation asks for; undefined when AWS knows all of it. */
export function findAccessProblem({ action, resource, conditions = {} }: AskedAccess, catalogue: ActionCatalogue): string | undefined {
  const [prefix = '', name = ''] = action.split(':');
  const service = catalogue.find(prefix);
  const facts = service && Object.hasOwn(service.actions, name) ? service.actions[name] : undefined;
  if (!service || !facts) return `AWS knows no action ${action}`;
  // Secrets Manager calls a secret that is not there what the request calls it.
  const isMissing = conditions['secretsmanager:SecretId'] === resource;
  return (isMissing ? undefined : resourceProblem(action, facts, service, resource)) ?? keyProblem(action, service, catalogue, Object.keys(conditions));
}

function resourceProblem(action: string, facts: ActionFacts, service: ServiceActions, resource: string): string | undefined {
  if (facts.on === undefined) return resource === '*' || resource.startsWith('arn:') ? undefined : `${action} is asked for on "${resource}", which is no ARN`;
  // A telephone number that a text message goes to is no resource: policies that allow it have a star.
  if (resource === '*' && action === 'sns:Publish') return undefined;
  if (resource === '*') return facts.must === undefined ? undefined : `${action} needs a resource: ${facts.must.join(', ')}`;
  const forms = facts.on.flatMap((type) => service.resources[type] ?? []);
  return forms.length === 0 || forms.some((form) => formOf(form).test(resource)) ? undefined : `${action} is asked for on ${resource}, which is none of ${forms.join(', ')}`;
}

function keyProblem(action: string, service: ServiceActions, { globalKeys }: ActionCatalogue, asked: readonly string[]): string | undefined {
  const known = [...globalKeys, ...Object.keys(service.keys)].map(keyForm);
  const unknown = asked.find((key) => !known.some((form) => form.test(key)));
  return unknown === undefined ? undefined : `AWS knows no condition key ${unknown} of ${action}`;
}

// `arn:${Partition}:sqs:${Region}:${Account}:${QueueName}`: a variable stands for anything but a colon, the last one for all.
function formOf(arn: string): RegExp {
  const parts = arn.split(/\$\{[^}]+\}/).map(escape);
  const variables = parts.slice(0, -1).map((part, index) => part + (index === parts.length - 2 && parts[parts.length - 1] === '' ? '.*' : '[^:]*'));
  return new RegExp(`^${variables.join('')}${parts[parts.length - 1] ?? ''}$`, 's');
}

// Some keys end in a name of the user's: `aws:RequestTag/${TagKey}`, `s3:ExistingObjectTag/<key>`, `secretsmanager:ResourceTag/tag-key`.
function keyForm(key: string): RegExp {
  return new RegExp(`^${key.split(/\$\{[^}]+\}|<[^>]+>|(?<=\/)tag-key$/).map(escape).join('.+')}$`, 'is');
}

const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
