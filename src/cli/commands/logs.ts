import { UserFacingError } from '../../base/errors.ts';
import { AwsError, callAws } from '../awsCall.ts';
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exitCodes.ts';
import { UsageError } from '../parseCommandLine.ts';
import { pause } from '../pause.ts';
import { callControl, locateServer, locationOptions, parseJson, type ServerLocation } from '../serverConnection.ts';
import type { Terminal } from '../terminal.ts';
import { parseSpanMs } from '../timeSpan.ts';

const pollMs = 1_000;
// Streams of several environments arrive out of order: each look reaches back this far, and what was shown is remembered.
const overlapMs = 10_000;

export const logsCommand = defineCommand({
  name: 'logs',
  summary: "print a function's log",
  operands: ['NAME'],
  options: {
    ...locationOptions,
    follow: { type: 'boolean', summary: 'go on printing what arrives, until Ctrl-C' },
    since: { type: 'string', placeholder: 'TIME', summary: 'how far back: 30s, 10m, 2h, 1d, or a date (default 10m)' },
    filter: { type: 'string', placeholder: 'PATTERN', summary: 'a CloudWatch Logs filter pattern' },
  },
  examples: ['npx haneul logs hello --follow', 'npx haneul logs hello --since 1h --filter ERROR', 'npx haneul logs /aws/lambda/hello'],
  notes: ['A NAME that begins with / is the name of a log group.'],
  async run({ options, operands, terminal }) {
    const [name = ''] = operands;
    const location = locateServer(terminal, options);
    const group = name.startsWith('/') ? name : `/aws/lambda/${name}`;
    const sinceMs = readSince(options.since ?? '10m', await productNow(location, terminal));
    const stop = new AbortController();
    const ignore = options.follow ? terminal.onInterrupt(() => stop.abort()) : () => undefined;
    const view: View = { group, filter: options.filter, follow: options.follow, location, terminal, signal: stop.signal };
    try {
      await show(view, sinceMs);
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    } finally {
      ignore();
    }
    return exitCodes.done;
  },
});

interface View {
  readonly group: string;
  readonly filter: string | undefined;
  readonly follow: boolean;
  readonly location: ServerLocation;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

interface LogEvent {
  readonly eventId: string;
  readonly timestamp: number;
  readonly message: string;
}

async function show(view: View, sinceMs: number): Promise<void> {
  const { terminal, signal } = view;
  let fromMs = sinceMs;
  let newestMs = sinceMs;
  let shown = new Map<string, number>();
  do {
    for await (const event of readEvents(view, fromMs)) {
      if (shown.has(event.eventId)) continue;
      shown.set(event.eventId, event.timestamp);
      newestMs = Math.max(newestMs, event.timestamp);
      terminal.print(`${terminal.style.dim(new Date(event.timestamp).toISOString())} ${event.message.trimEnd()}`);
    }
    fromMs = Math.max(sinceMs, newestMs - overlapMs);
    shown = new Map([...shown].filter(([, timestamp]) => timestamp >= fromMs));
    if (view.follow) await pause(terminal.clock, pollMs, signal);
  } while (view.follow && !signal.aborted);
}

async function* readEvents(view: View, fromMs: number): AsyncGenerator<LogEvent> {
  let nextToken: string | undefined;
  do {
    const page = await readPage(view, fromMs, nextToken);
    yield* page.events ?? [];
    nextToken = page.nextToken;
  } while (nextToken !== undefined && !view.signal.aborted);
}

interface Page {
  readonly events?: readonly LogEvent[];
  readonly nextToken?: string;
}

async function readPage(view: View, fromMs: number, nextToken: string | undefined): Promise<Page> {
  const { group, filter, location, terminal, signal } = view;
  const input = { logGroupName: group, startTime: Math.max(0, fromMs), ...(filter ? { filterPattern: filter } : {}), ...(nextToken ? { nextToken } : {}) };
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Logs_20140328.FilterLogEvents' };
  try {
    const answer = await callAws(location, terminal, { service: 'logs', method: 'POST', path: '/', headers, body: JSON.stringify(input), signal });
    return (parseJson(answer.body) ?? {}) as Page;
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== 'ResourceNotFoundException') throw error;
    // A function has no log before it has run: worth waiting for, and no failure of the function.
    if (view.follow) return {};
    throw new UserFacingError(`There is no log group ${group}: it has not been written to yet.`, 'Invoke the function first, or wait for it with --follow.');
  }
}

// Log times are product time, which a test may have moved.
async function productNow(location: ServerLocation, terminal: Terminal): Promise<number> {
  const answer = await callControl(location, terminal, 'GET', '/_haneul/clock');
  const content = parseJson(answer.body);
  const nowMs = typeof content === 'object' && content !== null && 'nowMs' in content ? content.nowMs : undefined;
  return typeof nowMs === 'number' ? nowMs : terminal.clock.now();
}

function readSince(text: string, nowMs: number): number {
  const spanMs = parseSpanMs(text);
  if (spanMs !== undefined) return nowMs - spanMs;
  const date = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(date)) throw new UsageError(`--since is a span such as 10m or 2h, or a date such as 2026-01-31T12:00:00Z; not "${text}".`);
  return date;
}
