import { UserFacingError } from '../../base/errors.ts';
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exitCodes.ts';
import { UsageError } from '../parseCommandLine.ts';
import { callControl, fetchHealth, locateServer, locationOptions, parseJson } from '../serverConnection.ts';
import { describeSpan, parseSpanMs } from '../timeSpan.ts';

export const clockCommand = defineCommand({
  name: 'clock',
  summary: "show the server's product time, or move it forward",
  optionalOperands: ['show|advance', 'SPAN'],
  options: {
    ...locationOptions,
    json: { type: 'boolean', summary: 'print what the server says as JSON' },
  },
  examples: ['npx haneul clock', 'npx haneul clock advance 1d', 'npx haneul clock advance 90m --json'],
  notes: [
    'SPAN is a number and s, m, h, d or w. Product time only moves forward, and stays moved over restarts.',
    'Schedules, retention, expiry of sessions and idle functions follow it. Signatures, timeouts of functions, and the keys that',
    'running functions hold follow the real time.',
  ],
  async run({ options, operands, terminal }) {
    const advanceMs = readAdvance(operands);
    const location = locateServer(terminal, options);
    await fetchHealth(location, terminal);
    const answer =
      advanceMs === undefined
        ? await callControl(location, terminal, 'GET', '/_haneul/clock')
        : await callControl(location, terminal, 'POST', '/_haneul/clock', { body: JSON.stringify({ advanceMs }) });
    if (answer.status !== 200) throw new UserFacingError(`The server refused (HTTP ${answer.status}): ${answer.body.toString('utf8').slice(0, 200)}`);
    const { now, offsetMs } = (parseJson(answer.body) ?? {}) as { now?: string; offsetMs?: number };
    if (options.json) terminal.print(answer.body.toString('utf8').trimEnd());
    else terminal.print(`${now ?? 'unknown'}${offsetMs ? `   (${describeSpan(offsetMs)} ahead of the real time)` : '   (the real time)'}`);
    return exitCodes.done;
  },
});

/** Undefined: only show. */
function readAdvance([action = 'show', span]: readonly string[]): number | undefined {
  if (action === 'show') {
    if (span !== undefined) throw new UsageError(`haneul clock show does not take "${span}".`, 'See: npx haneul clock --help');
    return undefined;
  }
  if (action !== 'advance') throw new UsageError(`haneul clock can show and advance, not "${action}".`, 'For example: npx haneul clock advance 1d');
  if (span === undefined) throw new UsageError('haneul clock advance needs a SPAN.', 'For example: npx haneul clock advance 1d');
  const advanceMs = parseSpanMs(span);
  if (advanceMs === undefined) throw new UsageError(`"${span}" is not a span of time.`, 'A number and s, m, h, d or w. For example: npx haneul clock advance 1d');
  return advanceMs;
}
