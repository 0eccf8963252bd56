// `npm start [-- OPTIONS]`: prepares the checkout, then becomes `haneul start OPTIONS` in this same process, so that one
// Ctrl-C reaches exactly one program. package.json runs this with `exec`: a shell in between would die of the signal, and
// npm would report an error for a server that has stopped in good order.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { programFolder } from './join.mjs';
import { prepare, root } from './prepare.mjs';

await prepare({ programOnly: true });
const program = join(root, programFolder, 'main.js');
process.argv.splice(1, 1, program, 'start');
await import(pathToFileURL(program).href);
