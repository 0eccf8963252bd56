// One pipe that reads a queue: filter, enrichment, target. What fails comes again when its visibility timeout is over, until the queue's own
// dead-letter queue gets it. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-sqs.html

import { uuid } from '../../../base/ids.ts';
import { describeQueueRecord } from '../../../framework/queueEvent.ts';
import { startQueuePump, type QueueBatch, type QueuePump, type QueuePumpControl } from '../../../framework/queuePump.ts';
import { compilePattern } from '../../../pattern/pattern.ts';
import type { QueueDescription, QueueRecord } from '../../../ports/queueReader.ts';
import { compileTemplate, openText, type PipeEvent, type PipeVariables, plainText, type Template, TemplateProblem } from '../domain/inputTemplate.ts';
import { pipeArn } from '../domain/names.ts';
import { batchSizeMax } from '../domain/settings.ts';
import { targetKindOf } from '../domain/targets.ts';
import { batchesAtOnceFirst, batchesAtOnceMax, payloadBytesMax, queueBatchDefault, roleCheckMs } from '../limits.ts';
import type { PipesDeps } from '../operation.ts';
import type { PipeRow } from '../store.ts';
import { deliver, type Outcome, type TargetEvent } from './deliver.ts';
import { enrich } from './enrich.ts';
import { createPipeLog, type ExecutionLog } from './pipeLog.ts';

/** Starts a pipe. */
export function startQueuePipe(pipe: PipeRow, deps: PipesDeps): QueuePump {
  const { queues, clock, random } = deps;
  const { source: queueArn, region } = pipe;
  const log = deps.log.with({ pipe: pipeArn(pipe) });
  const pipeLog = createPipeLog(pipe, deps);
  const source = { arn: queueArn, region };
  const isWanted = createFilter(pipe);
  const toEnrichment = templateOf(pipe.enrichmentParameters?.InputTemplate);
  const toTarget = templateOf(pipe.targetParameters.InputTemplate);
  let checkedMs = Number.NEGATIVE_INFINITY;

  async function findQueue(): Promise<QueueDescription | undefined> {
    if (clock.now() - checkedMs >= roleCheckMs || clock.now() < checkedMs) {
      const problem = await findSourceProblem(pipe, deps);
      if (problem !== undefined) return void log.warn('a pipe waits: it cannot read its source', { problem });
      checkedMs = clock.now();
    }
    return queues.describe(queueArn);
  }

  const describe = (record: QueueRecord): PipeEvent => {
    const value = describeQueueRecord(record, source);
    return { value, opened: { ...value, body: openText(record.body) } };
  };

  const variables = (): PipeVariables => ({
    ...{ pipeArn: pipeArn(pipe), pipeName: pipe.name, sourceArn: queueArn, enrichmentArn: pipe.enrichment ?? '', targetArn: pipe.target },
    ingestedAtMs: Math.floor(clock.now()),
  });

  async function serve({ records }: QueueBatch, { signal }: QueuePumpControl): Promise<ReadonlySet<string> | 'all'> {
    const requestId = uuid(random);
    const note = pipeLog.execution(requestId);
    note('ExecutionStarted', { payload: () => JSON.stringify(records.map((record) => describe(record).value)) });
    const outcome = await run(records, requestId, signal, note);
    const ids = records.map(({ messageId }) => messageId);
    const failed = outcome.failed === 'all' ? new Set(ids) : new Set([...(outcome.failedItems ?? []), ...ids.filter((_id, place) => outcome.failed !== 'all' && outcome.failed.has(place))]);
    if (failed.size === 0) note('ExecutionSucceeded');
    else {
      note(failed.size === ids.length ? 'ExecutionFailed' : 'ExecutionPartiallyFailed', { problem: outcome.problem ?? '' });
      log.warn('a pipe could not pass on messages; they come again', { messages: failed.size, problem: outcome.problem });
    }
    return failed.size === ids.length ? 'all' : failed;
  }

  async function run(records: readonly QueueRecord[], requestId: string, signal: AbortSignal, note: ExecutionLog): Promise<Outcome> {
    const traceHeader = deepestTrace(records);
    let events: readonly PipeEvent[] = records.map(describe);
    let known: readonly QueueRecord[] | undefined = records;
    if (pipe.enrichment !== undefined) {
      note('EnrichmentStageEntered');
      const texts = fill(toEnrichment, events, variables());
      if ('problem' in texts) return failedAt('EnrichmentTransformationFailed', texts.problem, note);
      note('EnrichmentInvocationStarted', { payload: () => texts.join('\n') });
      const enriched = await enrich({ pipe, events, texts, requestId, traceHeader, signal }, deps);
      if (enriched.kind === 'failed') return failedAt('EnrichmentInvocationFailed', enriched.problem, note);
      note('EnrichmentInvocationSucceeded');
      note('EnrichmentStageSucceeded', { payload: () => JSON.stringify(enriched.events.map(({ value }) => value)) });
      // Which of its events came from which message is known to the enrichment only.
      [events, known] = [enriched.events, undefined];
      if (events.length === 0) return { failed: new Set() };
      if (events.length > batchSizeMax({ target: pipe.target })) return failedAt('TargetStageFailed', `The enrichment answered ${events.length} events, more than the target takes at once.`, note);
    }
    note('TargetStageEntered');
    const texts = fill(toTarget, events, variables());
    if ('problem' in texts) return failedAt('TargetTransformationFailed', texts.problem, note);
    const targetEvents = events.map((event, place): TargetEvent => {
      const record = known?.[place];
      return { event, text: texts[place] ?? '', traceHeader: record ? traceOf(record) : traceHeader, orderingKey: record?.attributes['MessageGroupId'] };
    });
    note('TargetInvocationStarted', { payload: () => texts.join('\n') });
    const itemIds = new Set(records.map(({ messageId }) => messageId));
    const outcome = await deliver(targetKindOf(pipe.target) ?? 'sqs', { pipe, events: targetEvents, itemIds, requestId, traceHeader, signal }, deps);
    if (outcome.failed === 'all' || (outcome.failed.size > 0 && known === undefined)) return failedAt('TargetInvocationFailed', outcome.problem ?? '', note);
    if (outcome.failed.size > 0 || outcome.failedItems?.size) note('TargetInvocationPartiallyFailed', { problem: outcome.problem ?? '' });
    else note('TargetInvocationSucceeded');
    note(outcome.failed.size > 0 ? 'TargetStagePartiallyFailed' : 'TargetStageSucceeded');
    return outcome;
  }

  const { BatchSize, MaximumBatchingWindowInSeconds = 0 } = pipe.sourceParameters.SqsQueueParameters ?? {};
  return startQueuePump(
    {
      ...{ queueArn, windowMs: MaximumBatchingWindowInSeconds * 1_000, bytesMax: payloadBytesMax, atOnceFirst: batchesAtOnceFirst, atOnceMax: batchesAtOnceMax },
      batchSize: BatchSize ?? Math.min(queueBatchDefault, batchSizeMax(pipe)),
    },
    {
      findQueue,
      queueLost: () => (checkedMs = Number.NEGATIVE_INFINITY),
      isWanted: (record) => isWanted(describe(record).opened),
      sizeOf: (record) => Buffer.byteLength(JSON.stringify(describeQueueRecord(record, source))) + 16,
      serve,
    },
    { queues, clock, log },
  );
}

function failedAt(step: Parameters<ExecutionLog>[0], problem: string, note: ExecutionLog): Outcome {
  note(step, { problem });
  return { failed: 'all', problem };
}

const readCalls = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'] as const;

/** What keeps a pipe from reading its source; undefined when nothing does. */
export async function findSourceProblem({ source, roleArn, region }: PipeRow, { queues, roleAccess, clock }: PipesDeps): Promise<string | undefined> {
  if ((await queues.describe(source)) === undefined) return `The source ${source} does not exist.`;
  for (const call of readCalls) {
    if (!(await roleAccess({ roleArn, action: `sqs:${call}`, resource: source, nowMs: clock.now(), region }))) return `The role ${roleArn} does not have permissions to call ${call} on the source ${source}.`;
  }
  return undefined;
}

function createFilter({ sourceParameters }: PipeRow): (event: unknown) => boolean {
  const patterns = (sourceParameters.FilterCriteria?.Filters ?? []).map(({ Pattern = '' }) => compilePattern(Pattern));
  return (event) => patterns.length === 0 || patterns.some((matches) => matches(event));
}

const templateOf = (text: string | undefined): Template => (text === undefined || text === '' ? ({ value }) => plainText(value) : compileTemplate(text));

function fill(template: Template, events: readonly PipeEvent[], variables: PipeVariables): readonly string[] | { readonly problem: string } {
  try {
    return events.map((event) => template(event, variables));
  } catch (error) {
    if (error instanceof TemplateProblem) return { problem: error.message };
    throw error;
  }
}

const traceOf = ({ attributes }: QueueRecord): string | undefined => attributes['AWSTraceHeader'];

/** The chain that a batch goes on with: one in which a function has run already, if there is one. */
function deepestTrace(records: readonly QueueRecord[]): string | undefined {
  const headers = records.map(traceOf).filter((header) => header !== undefined);
  return headers.find((header) => header.includes('Lineage=')) ?? headers[0];
}
