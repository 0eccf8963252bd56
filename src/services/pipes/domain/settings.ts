// What a pipe may be made of: everything that can be said without looking at anything else.

import { parseArn } from '../../../base/arn.ts';
import { compilePattern } from '../../../pattern/pattern.ts';
import { errors } from '../errors.ts';
import { batchMaxOf, fifoBatchMax } from '../limits.ts';
import type { PipeRow } from '../store.ts';
import { compileTemplate, TemplateProblem } from './inputTemplate.ts';
import { parametersOf, targetKindOf } from './targets.ts';

type Settings = Pick<PipeRow, 'region' | 'source' | 'sourceParameters' | 'enrichment' | 'enrichmentParameters' | 'target' | 'targetParameters'>;

/** Throws what the service says of settings that do not fit. */
export function requireSettings(pipe: Settings): void {
  requireSource(pipe);
  requireEnrichment(pipe);
  requireTarget(pipe);
  requireBatch(pipe);
}

function requireSource({ source, region, sourceParameters }: Settings): void {
  const parsed = parseArn(source);
  if (parsed?.service === 'kinesis' || parsed?.service === 'dynamodb') throw errors.unsupported(`A stream of ${parsed.service} as the source of a pipe`);
  if (parsed?.service !== 'sqs' || !/^[^:]+$/.test(parsed.resource)) throw errors.unsupported(`The source ${source} of a pipe`);
  if (parsed.region !== region) throw errors.validation(`The source ${source} must be in the Region ${region} of the pipe.`);
  for (const name of Object.keys(sourceParameters)) {
    if (name !== 'FilterCriteria' && name !== 'SqsQueueParameters') throw errors.validation(`SourceParameters.${name} is not valid for the source ${source}.`);
  }
  for (const { Pattern = '' } of sourceParameters.FilterCriteria?.Filters ?? []) {
    try {
      compilePattern(Pattern);
    } catch (error) {
      throw errors.validation(`Filter pattern is not valid. Reason: ${error instanceof Error ? error.message : ''}`);
    }
  }
}

function requireEnrichment({ enrichment, enrichmentParameters }: Settings): void {
  requireTemplate(enrichmentParameters?.InputTemplate);
  if (enrichment === undefined) return;
  const kind = targetKindOf(enrichment);
  if (kind !== 'lambda' && kind !== 'api') throw errors.unsupported(`The enrichment ${enrichment} of a pipe`);
  if (kind === 'lambda' && enrichmentParameters?.HttpParameters) throw errors.validation(`EnrichmentParameters.HttpParameters is not valid for the enrichment ${enrichment}.`);
}

function requireTarget({ target, region, targetParameters }: Settings): void {
  const kind = targetKindOf(target);
  if (kind === undefined) throw errors.unsupported(`The target ${target} of a pipe`);
  requireTemplate(targetParameters.InputTemplate);
  for (const name of Object.keys(targetParameters)) {
    if (name !== 'InputTemplate' && name !== parametersOf[kind]) throw errors.validation(`TargetParameters.${name} is not valid for the target ${target}.`);
  }
  const parsed = parseArn(target);
  const isFifo = target.endsWith('.fifo');
  // "Event bus: the bus must be in the same account and Region as the pipe"; the others, too, are reached in the pipe's own Region.
  if (parsed?.region !== region) throw errors.validation(`The target ${target} must be in the Region ${region} of the pipe.`);
  if (kind === 'sns' && isFifo) throw errors.validation('Amazon SNS FIFO topics are not supported as targets of pipes.');
  if (kind === 'sqs' && isFifo && !targetParameters.SqsQueueParameters?.MessageGroupId) throw errors.validation('MessageGroupId is required for FIFO queue targets.');
  if (targetParameters.EventBridgeEventBusParameters?.EndpointId !== undefined) throw errors.unsupported('A global endpoint (EndpointId)');
}

// "You can't configure a pipe with a larger batch size than the target supports."
function requireBatch(pipe: Settings): void {
  const { BatchSize, MaximumBatchingWindowInSeconds: window = 0 } = pipe.sourceParameters.SqsQueueParameters ?? {};
  const isFifo = pipe.source.endsWith('.fifo');
  if (isFifo && window > 0) throw errors.validation('MaximumBatchingWindowInSeconds is not supported for FIFO queues.');
  if (BatchSize === undefined) return;
  if (isFifo && BatchSize > fifoBatchMax) throw errors.validation(`BatchSize must not be greater than ${fifoBatchMax} for FIFO queues.`);
  if (BatchSize > 10 && window === 0) throw errors.validation('MaximumBatchingWindowInSeconds must be at least 1 when BatchSize is greater than 10.');
  const most = batchSizeMax(pipe);
  if (BatchSize > most) throw errors.validation(`BatchSize ${BatchSize} is greater than the ${most} that the enrichment and the target of the pipe take at once.`);
}

/** How many events the enrichment and the target take at once. */
export function batchSizeMax({ enrichment, target }: Pick<Settings, 'enrichment' | 'target'>): number {
  const kinds = [enrichment, target].map((arn) => (arn === undefined ? undefined : targetKindOf(arn)));
  return Math.min(...kinds.map((kind) => (kind === undefined ? 10_000 : batchMaxOf[kind])));
}

function requireTemplate(template: string | undefined): void {
  if (template === undefined) return;
  try {
    compileTemplate(template);
  } catch (error) {
    if (error instanceof TemplateProblem) throw errors.validation(error.message);
    throw error;
  }
}
