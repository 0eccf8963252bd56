// Cases of the published suite that do not apply to Haneul, each with its reason.

export const skippedCases: Readonly<Record<string, string>> = {};

/** Why a whole service of the suite is not run, or undefined. */
export function skippedService(id: string): string | undefined {
  return id.includes('restjson.validation') ? "Smithy's own validation texts; Haneul answers with AWS's (src/wire/constraints.test.ts)" : undefined;
}
