// `npm run coverage`: writes docs/coverage.md, and the table in README.md, from the models, the services and the tests.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

await prepare();
const { readCoverage } = await import('../dist/tools/coverage/readCoverage.js');
const { formatCoverage, replaceGenerated, summaryTable } = await import('../dist/tools/coverage/formatCoverage.js');

const services = await readCoverage(root);
const readme = join(root, 'README.md');
writeFileSync(join(root, 'docs', 'coverage.md'), formatCoverage(services));
writeFileSync(readme, replaceGenerated(readFileSync(readme, 'utf8'), summaryTable(services)));
