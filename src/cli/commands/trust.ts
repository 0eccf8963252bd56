import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { UserFacingError } from '../../base/errors.ts';
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exitCodes.ts';
import { absolute, callControl, fetchHealth, locateServer, locationOptions } from '../serverConnection.ts';

const defaultFile = 'haneul-authority.pem';

export const trustCommand = defineCommand({
  name: 'trust',
  summary: "save the certificate of the server's own authority, and print what makes clients trust it",
  options: {
    ...locationOptions,
    out: { type: 'string', placeholder: 'FILE', summary: `where to save it (default ${defaultFile} in this folder)` },
  },
  examples: ['eval "$(npx haneul trust)"', 'npx haneul trust --out ~/haneul.pem'],
  notes: [
    'The port of the server speaks HTTP and HTTPS. Without --tls-cert, an authority of its own certifies localhost, *.localhost,',
    "127.0.0.1, ::1 and this machine's name. Its key stays in the data directory; with --memory it is new at every start.",
  ],
  async run({ options, terminal }) {
    const location = locateServer(terminal, options);
    await fetchHealth(location, terminal);
    const { status, body } = await callControl(location, terminal, 'GET', '/_haneul/authority.pem');
    if (status === 404) throw new UserFacingError('This server shows a certificate that its operator brought (--tls-cert).', 'Clients trust whoever issued that one.');
    const pem = body.toString('utf8');
    if (status !== 200 || !isCertificate(pem)) throw new UserFacingError(`The server refused (HTTP ${status}): ${pem.slice(0, 200)}`);
    const file = absolute(terminal, options.out ?? defaultFile);
    writeFileSync(file, pem);
    terminal.note(`Saved ${file}. The lines that follow make AWS's tools, Python and Node.js trust it in this shell: eval "$(npx haneul trust)"`);
    terminal.note(`For every program of a Debian or Ubuntu machine: sudo install -m 644 ${quote(file)} /usr/local/share/ca-certificates/haneul.crt && sudo update-ca-certificates`);
    const secure = new URL(location.endpoint);
    secure.protocol = 'https:';
    terminal.print(`export AWS_ENDPOINT_URL=${quote(secure.origin)}`);
    for (const name of ['AWS_CA_BUNDLE', 'REQUESTS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS']) terminal.print(`export ${name}=${quote(file)}`);
    return exitCodes.done;
  },
});

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca;
  } catch {
    return false;
  }
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
