import { parsePolicy } from './parsePolicy.ts';
import { compiledPoliciesMax } from './limits.ts';
import type { Policy } from './types.ts';

/** Compiles stored documents, each once. */
export interface PolicyCache {
  /** Undefined when the text is no policy; a caller must then treat its owner as having no permission. */
  compile(text: string): Policy | undefined;
}

/** A bounded cache: the documents used least recently are forgotten first. */
export function createPolicyCache(entriesMax: number = compiledPoliciesMax): PolicyCache {
  const compiled = new Map<string, Policy | undefined>();
  return {
    compile(text) {
      const known = compiled.has(text);
      const policy = known ? compiled.get(text) : compileStored(text);
      compiled.delete(text);
      compiled.set(text, policy);
      if (compiled.size > entriesMax) {
        const [oldest] = compiled.keys();
        if (oldest !== undefined) compiled.delete(oldest);
      }
      return policy;
    },
  };
}

// What is stored was checked when it was stored, by the rules of its own kind; here only the grammar counts.
function compileStored(text: string): Policy | undefined {
  const parsed = parsePolicy(text, 'stored');
  return 'policy' in parsed ? parsed.policy : undefined;
}
