import { readFileSync } from 'node:fs';
import { systemErrorCode, UserFacingError } from '../../base/errors.ts';
import { AwsError, callAws } from '../awsCall.ts';
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exitCodes.ts';
import { UsageError } from '../parseCommandLine.ts';
import { withProgress } from '../progress.ts';
import { absolute, locateServer, locationOptions, parseJson } from '../serverConnection.ts';
import type { Terminal } from '../terminal.ts';

// A function may run for 900 s (Lambda quotas), after a start of its own.
const answerMsMax = 960_000;

export const invokeCommand = defineCommand({
  name: 'invoke',
  summary: 'run a function with an event and print what it answers',
  operands: ['NAME'],
  options: {
    ...locationOptions,
    event: { type: 'string', placeholder: 'FILE|JSON|-', summary: 'the event: a file, JSON text, or - for standard input (default {})' },
    tail: { type: 'boolean', summary: 'print the log of this invocation on standard error' },
    qualifier: { type: 'string', placeholder: 'VERSION', summary: 'a version or an alias' },
  },
  examples: [`npx haneul invoke hello --event '{"name": "sky"}'`, 'npx haneul invoke hello --event event.json --tail', 'echo 1 | npx haneul invoke hello --event -'],
  notes: ['The answer goes to standard output alone. Exit code 1 when the function fails.'],
  async run({ options, operands, terminal }) {
    const [name = ''] = operands;
    const location = locateServer(terminal, options);
    const event = await readEvent(options.event ?? '{}', terminal);
    const query = options.qualifier === undefined ? '' : `?Qualifier=${encodeURIComponent(options.qualifier)}`;
    const call = {
      service: 'lambda',
      method: 'POST',
      path: `/2015-03-31/functions/${encodeURIComponent(name)}/invocations${query}`,
      headers: { 'content-type': 'application/octet-stream', ...(options.tail ? { 'x-amz-log-type': 'Tail' } : {}) },
      body: event,
      idleMs: answerMsMax,
    } as const;
    const answer = await withProgress(terminal, `${name} runs`, () => callAws(location, terminal, call)).catch(explainMissing(name));
    const log = answer.headers['x-amz-log-result'];
    if (log !== undefined) terminal.note(terminal.noteStyle.dim(Buffer.from(log, 'base64').toString('utf8').trimEnd()));
    terminal.print(answer.body.toString('utf8'));
    const failure = answer.headers['x-amz-function-error'];
    if (failure === undefined) return exitCodes.done;
    terminal.note(`${terminal.noteStyle.bad('haneul:')} ${name} failed (${failure})${describeFailure(answer.body)}`);
    if (!options.tail) terminal.note(`  Its log: npx haneul logs ${name}   or add --tail`);
    return exitCodes.failed;
  },
});

async function readEvent(text: string, terminal: Terminal): Promise<Buffer> {
  if (text === '-') return requireJson(await terminal.readStandardInput(), 'standard input');
  if (/^\s*[[{"]/.test(text)) return requireJson(Buffer.from(text), '--event');
  try {
    return requireJson(readFileSync(absolute(terminal, text)), text);
  } catch (error) {
    if (error instanceof UserFacingError || systemErrorCode(error) === undefined) throw error;
    // Numbers, true, false and null are events too, and rarely the names of files.
    const bytes = Buffer.from(text);
    if (parseJson(bytes) !== undefined) return bytes;
    throw new UsageError(`--event names no readable file and is no JSON text: ${text}`, `For example: --event event.json, or --event '{"name": "sky"}'`);
  }
}

function requireJson(bytes: Buffer, source: string): Buffer {
  try {
    JSON.parse(bytes.toString('utf8'));
    return bytes;
  } catch (error) {
    throw new UsageError(`${source} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function explainMissing(name: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof AwsError) || error.code !== 'ResourceNotFoundException') throw error;
    throw new UserFacingError(error.message, `Which functions exist: aws lambda list-functions --query 'Functions[].FunctionName'   (asked for: ${name})`);
  };
}

function describeFailure(payload: Buffer): string {
  const content = parseJson(payload);
  if (typeof content !== 'object' || content === null) return '';
  const { errorType, errorMessage } = content as { errorType?: unknown; errorMessage?: unknown };
  const parts = [errorType, errorMessage].filter((part): part is string => typeof part === 'string' && part !== '');
  return parts.length > 0 ? `: ${parts.join(': ')}` : '';
}
