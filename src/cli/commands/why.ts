import { UserFacingError } from '../../base/errors.ts';
import { defineCommand } from '../command.ts';
import { describeDenialLines, type DenialReport } from '../denialReport.ts';
import { exitCodes } from '../exitCodes.ts';
import { callControl, fetchHealth, locateServer, locationOptions, parseJson } from '../serverConnection.ts';

export const whyCommand = defineCommand({
  name: 'why',
  summary: 'tell why a request was denied: the statement that decided, or the policies that did not allow',
  optionalOperands: ['REQUEST-ID'],
  options: {
    ...locationOptions,
    json: { type: 'boolean', summary: 'print what the server says as JSON' },
  },
  examples: ['npx haneul why', 'npx haneul why 4f7c1c1e-6f0e-4f6c-8d1c-0d8b6a9a3b55'],
  notes: [
    'Without a REQUEST-ID: the latest denials. Clients print the id of a request, and the server logs it with every denial.',
    'The server remembers the last 1000 denials until it stops. `aws sts decode-authorization-message` tells the same of the',
    'x-haneul-authorization-message header of a denied answer.',
  ],
  async run({ options, operands: [requestId], terminal }) {
    const location = locateServer(terminal, options);
    await fetchHealth(location, terminal);
    const query = requestId === undefined ? '' : `?requestId=${encodeURIComponent(requestId)}`;
    const answer = await callControl(location, terminal, 'GET', `/_haneul/denials${query}`);
    if (answer.status !== 200) throw new UserFacingError(`The server refused (HTTP ${answer.status}): ${answer.body.toString('utf8').slice(0, 200)}`);
    if (options.json) {
      terminal.print(answer.body.toString('utf8').trimEnd());
      return exitCodes.done;
    }
    const { denials = [] } = (parseJson(answer.body) ?? {}) as { denials?: readonly DenialReport[] };
    if (denials.length === 0) {
      if (requestId !== undefined) throw new UserFacingError(`The server knows no denial of a request ${requestId}.`, 'It remembers the last 1000 until it stops. The latest: npx haneul why');
      terminal.print('Nothing was denied since the server started.');
      return exitCodes.done;
    }
    if (requestId === undefined) for (const { at, requestId: id, sentence } of denials) terminal.print(`${terminal.style.dim(at ?? '')}  ${terminal.style.bold(id ?? '')}  ${sentence ?? ''}`);
    else for (const denial of denials) for (const line of describeDenialLines(denial, terminal.style)) terminal.print(line);
    return exitCodes.done;
  },
});
