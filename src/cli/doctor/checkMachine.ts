import type { Health } from '../serverConnection.ts';
import type { Check } from './check.ts';

/** Node.js itself: what package.json asks for. */
export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const fits = major > 20 || (major === 20 && minor >= 3);
  return { name: 'Node.js', state: fits ? 'ok' : 'fail', text: version, ...(fits ? {} : { remedy: 'install Node.js 20.3 or newer: https://nodejs.org' }) };
}

/** One line for each sandbox guarantee: what a hostile function cannot do on this machine. */
export function checkGuarantees(guarantees: Health['guarantees'] = []): Check[] {
  const on = guarantees.filter((guarantee) => guarantee.on).map((guarantee) => guarantee.name);
  const summary: Check[] = on.length > 0 ? [{ name: 'Sandbox', state: 'ok', text: on.join('; ') }] : [];
  const missing = guarantees.filter((guarantee) => !guarantee.on);
  return [...summary, ...missing.map(({ name, remedy }): Check => ({ name: 'Sandbox', state: 'warn', text: `off: ${name}`, ...(remedy ? { remedy } : {}) }))];
}

const families = [
  { family: 'node', label: 'Node.js functions', remedy: 'install Node.js 22 or newer', others: '; another version is fetched when a function names it' },
  { family: 'python', label: 'Python functions', remedy: 'install python3, for example: sudo apt-get install python3', others: '; a function that names another version runs on the nearest' },
  { family: 'java', label: 'Java functions', optional: 'none here; for functions in Java: sudo apt-get install default-jre-headless maven', others: '; a function that names another version runs on a newer one, else on the nearest' },
  { family: 'ruby', label: 'Ruby functions', optional: 'none here; for functions in Ruby: sudo apt-get install ruby', others: '; a function that names another version runs on the nearest' },
] as const;

/** The interpreters that functions can run in. */
export function checkInterpreters(interpreters: Health['interpreters'] = []): Check[] {
  return families.map(({ family, label, others, ...missing }): Check => {
    const found = interpreters.filter((interpreter) => interpreter.family === family);
    if (found.length === 0) return 'optional' in missing ? { name: label, state: 'ok', text: missing.optional } : { name: label, state: 'warn', text: 'no interpreter found', remedy: missing.remedy };
    return { name: label, state: 'ok', text: `${found.map(({ version, path }) => `${version} (${path})`).join(', ')}${others}` };
  });
}
