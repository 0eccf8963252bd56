// Cross-origin resource sharing ("How does CORS work with Amazon S3?").

export interface CorsRule {
  readonly id?: string | undefined;
  readonly methods: readonly string[];
  /** Each with at most one `*`. */
  readonly origins: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly maxAgeSeconds?: number | undefined;
}

export const corsMethods = new Set(['GET', 'PUT', 'POST', 'DELETE', 'HEAD']);

export interface CrossOriginRequest {
  readonly origin: string;
  readonly method: string;
  /** What a preflight announces. */
  readonly headers: readonly string[];
}

/** The first rule that lets a request in. */
export function findCorsRule(rules: readonly CorsRule[], { origin, method, headers }: CrossOriginRequest): CorsRule | undefined {
  return rules.find(
    (rule) =>
      rule.methods.includes(method) &&
      rule.origins.some((pattern) => matches(pattern, origin)) &&
      headers.every((header) => rule.headers.some((pattern) => matches(pattern.toLowerCase(), header.toLowerCase()))),
  );
}

/** The header fields that tell a browser so. */
export function corsHeaders(rule: CorsRule, { origin, headers }: CrossOriginRequest): Record<string, string> {
  const everybody = rule.origins.includes('*');
  return {
    'Access-Control-Allow-Origin': everybody ? '*' : origin,
    'Access-Control-Allow-Methods': rule.methods.join(', '),
    ...(headers.length > 0 ? { 'Access-Control-Allow-Headers': headers.join(', ').toLowerCase() } : {}),
    ...(rule.exposed.length > 0 ? { 'Access-Control-Expose-Headers': rule.exposed.join(', ') } : {}),
    ...(rule.maxAgeSeconds === undefined ? {} : { 'Access-Control-Max-Age': String(rule.maxAgeSeconds) }),
    ...(everybody ? {} : { 'Access-Control-Allow-Credentials': 'true' }),
    Vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  };
}

function matches(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === text;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return text.length >= before.length + after.length && text.startsWith(before) && text.endsWith(after);
}
