// `npm run soak [-- --minutes N]`: prepares the checkout, then lets a server run functions of every kind for so long, ten minutes when nothing
// is said, and looks for what they leave behind.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

await prepare();
const result = spawnSync(process.execPath, ['--enable-source-maps', join(root, 'dist/tools/soak/soak.js'), ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
process.exit(result.status ?? 1);
