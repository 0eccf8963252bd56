// `npm run coverage`: writes docs/coverage.md, the table in README.md and the errors in services' READMEs, from the models, the services
// and the tests.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

await prepare();
const { readCoverage } = await import('../dist/tools/coverage/readCoverage.js');
const { formatCoverage, replaceGenerated, summaryTable } = await import('../dist/tools/coverage/formatCoverage.js');

const { errorReadme, errorTable, listedServices } = await import('../dist/tools/coverage/errorTable.js');

const services = await readCoverage(root);
const readme = join(root, 'README.md');
writeFileSync(join(root, 'docs', 'coverage.md'), formatCoverage(services));
for (const id of listedServices) {
  const path = errorReadme(root, id);
  if (path) writeFileSync(path, replaceGenerated(readFileSync(path, 'utf8'), await errorTable(root, id)));
}
writeFileSync(readme, replaceGenerated(readFileSync(readme, 'utf8'), summaryTable(services)));
