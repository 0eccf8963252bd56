import type { Evaluation, PolicyLayer, PolicyRequest } from './types.ts';

/**
 * The sentence AWS puts into an access denied error (IAM user guide, "Troubleshoot access denied error messages").
 * Which of the services' error codes carries it is the service's business.
 */
export function explainDenial(request: Pick<PolicyRequest, 'principal' | 'action' | 'resource'>, evaluation: Exclude<Evaluation, { decision: 'allow' }>): string {
  const what = `${subjectOf(request)} is not authorized to perform: ${spokenAction(request.action)}${objectOf(request)}`;
  if (evaluation.decision === 'explicit-deny') return `${what} with an explicit deny in ${articleFor[evaluation.deciding.layer]} ${layerNames[evaluation.deciding.layer]}`;
  // STS does not say what is missing: it would tell strangers whether the role exists.
  if (/^sts:(assumerole|tagsession|setsourceidentity)/i.test(request.action)) return what;
  return `${what} because no ${layerNames[evaluation.missing]} allows the ${spokenAction(request.action)} action`;
}

// How the services spell their actions in this sentence: SQS in lower case, SNS its prefix in capitals.
function spokenAction(action: string): string {
  if (action.startsWith('sqs:')) return action.toLowerCase();
  return action.replace(/^sns:/, 'SNS:');
}

// S3 quotes the resource, and STS says none where there is none; the other services write it as it is.
function objectOf({ action, resource }: Pick<PolicyRequest, 'action' | 'resource'>): string {
  if (/^sts:/i.test(action) && resource === '*') return '';
  return ` on resource: ${/^s3:/i.test(action) ? `"${resource}"` : resource}`;
}

/** What AWS calls each layer in its sentences. */
export const layerNames: Readonly<Record<PolicyLayer, string>> = {
  identity: 'identity-based policy',
  boundary: 'permissions boundary',
  session: 'session policy',
  resource: 'resource-based policy',
  'service-control': 'service control policy',
  'resource-control': 'resource control policy',
};

const articleFor: Readonly<Record<PolicyLayer, string>> = { identity: 'an', boundary: 'a', session: 'a', resource: 'a', 'service-control': 'a', 'resource-control': 'a' };

function subjectOf({ principal }: Pick<PolicyRequest, 'principal'>): string {
  switch (principal.kind) {
    case 'anonymous':
      return 'User: anonymous';
    case 'service':
      return `Service: ${principal.service}`;
    case 'federated':
      return `User: ${principal.provider}`;
    default:
      return `User: ${principal.arn}`;
  }
}
