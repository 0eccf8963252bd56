// The step before the target that may change events, add to them, or leave none.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/pipes-enrichment.html

import type { PipeEvent } from '../domain/inputTemplate.ts';
import { openText } from '../domain/inputTemplate.ts';
import { pipeArn } from '../domain/names.ts';
import { targetKindOf } from '../domain/targets.ts';
import { payloadBytesMax } from '../limits.ts';
import { ownPrincipal, type PipesDeps } from '../operation.ts';
import type { PipeRow } from '../store.ts';
import { httpParameters, wasLoop } from './deliver.ts';

export interface EnrichmentCall {
  readonly pipe: PipeRow;
  readonly events: readonly PipeEvent[];
  /** What the enrichment gets, one for each event. */
  readonly texts: readonly string[];
  readonly requestId: string;
  readonly traceHeader: string | undefined;
  readonly signal: AbortSignal;
}

export type Enriched = { readonly kind: 'events'; readonly events: readonly PipeEvent[] } | { readonly kind: 'failed'; readonly problem: string };

export async function enrich(call: EnrichmentCall, deps: PipesDeps): Promise<Enriched> {
  return targetKindOf(call.pipe.enrichment ?? '') === 'api' ? askApi(call, deps) : askFunction(call, deps);
}

async function askFunction({ pipe, texts, requestId, traceHeader }: EnrichmentCall, { invoker }: PipesDeps): Promise<Enriched> {
  const payload = Buffer.from(JSON.stringify(texts.map(openText)));
  if (payload.length > payloadBytesMax) return { kind: 'failed', problem: `The batch of ${payload.length} bytes is too large for a function.` };
  const { account: sourceAccount, roleArn, enrichment: functionArn = '' } = pipe;
  const answer = await invoker.invoke({ functionArn, service: ownPrincipal, roleArn, sourceArn: pipeArn(pipe), sourceAccount, requestId: `${requestId}`, traceHeader, payload });
  if (answer.kind === 'refused') return wasLoop(answer.reason) ? { kind: 'events', events: [] } : { kind: 'failed', problem: answer.reason };
  if (answer.failed) return { kind: 'failed', problem: `The function failed: ${Buffer.from(answer.payload).toString('utf8', 0, 1_000)}` };
  return { kind: 'events', events: eventsOf(Buffer.from(answer.payload).toString('utf8')) };
}

async function askApi({ pipe, events, texts, signal }: EnrichmentCall, { apiDestinations }: PipesDeps): Promise<Enriched> {
  const enriched: PipeEvent[] = [];
  for (const [place, event] of events.entries()) {
    const parameters = httpParameters(pipe.enrichmentParameters?.HttpParameters, event);
    const answer = await apiDestinations.call({ arn: pipe.enrichment ?? '', roleArn: pipe.roleArn, region: pipe.region, input: texts[place] ?? '', parameters, signal });
    if (answer.kind !== 'answered') return { kind: 'failed', problem: answer.reason };
    enriched.push(...eventsOf(answer.text));
  }
  return { kind: 'events', events: enriched };
}

/**
 * The events in an answer. "Return an empty response to not invoke the target": nothing, "", {} or []; a list with an empty object in it is
 * one event (user guide, "Filtering events using enrichment").
 */
export function eventsOf(text: string): readonly PipeEvent[] {
  const value = openText(text);
  const values: readonly unknown[] = Array.isArray(value) ? value : isEmpty(value) ? [] : [value];
  return values.map((one) => ({ value: one, opened: one }));
}

const isEmpty = (value: unknown): boolean => value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
