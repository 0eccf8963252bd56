// Cases of the published suite that do not apply to Haneul, each with its reason.

const skips: readonly (readonly [cases: RegExp, reason: string])[] = [
  [/^SDKApp/, 'shows how a client compresses; the compressed body is not part of the case'],
  [/ServerPopulates(Nested)?Default/, 'AWS publishes no default values as data for its services; handlers apply them'],
  [/^parses_the_request_id_from_the_response$/, 'demands a fixed request id; clients read ours in src/wire/clients.test.ts'],
  [/^(QueryEmptyQueryMaps|Ec2EmptyQueryLists)$|OmitsEmptyListQueryValues$/, 'the request does not carry what the server is asked to find'],
  [/^RestJsonHttpWithHeadersButNoPayload$/, 'the request carries {} for its payload, which is what the server finds'],
  [/^RestJson(StringPayload(NoContentType|WrongContentType|UnsatisfiableAccept)|With\w+Expects\w+(ContentType(NoHeaders)?|Accept))$/, 'AWS services take any content type; curl and old clients rely on it'],
  [/^(AllQueryStringTypes|RestXmlQueryStringEscaping|RestXmlSupports\w+QueryValues|RestXmlZeroAndFalseQueryValues)$/, 'written for clients: a server also finds the parameters in the map, as the JSON suite says'],
  [/^RestXmlHttpResponseCode$/, 'wants a type for an empty body, which S3 does not send'],
  [/^(InvalidGreetingError|ComplexError|Ec2ComplexError|SimpleScalarPropertiesWithXMLPreamble)$/, 'written for clients: the answer holds what no model lists'],
  [/^(RestXml|Ec2Query)DateTimeWith(Negative|Positive)Offset$/, 'written for clients: services answer in UTC'],
  [/^S3OperationNoErrorWrappingResponse$/, 'S3 sends no Type; its real form is tested in src/wire/restXml.test.ts'],
  [/MalformedListNullItem$/, 'reaches the constraint check, which answers "Value null at … Member must not be null" as AWS does'],
  [/RejectsUTCOffsets$/, 'AWS services accept offsets in ISO 8601 dates'],
];

/** Why a case is not run, or undefined. */
export function skippedCase(id: string): string | undefined {
  for (const [cases, reason] of skips) if (cases.test(id)) return reason;
  return undefined;
}

/** The skips that match none of these cases: they have lost their purpose. */
export function unusedSkips(ids: ReadonlySet<string>): string[] {
  return skips.filter(([cases]) => ![...ids].some((id) => cases.test(id))).map(([cases]) => String(cases));
}

/** Why a whole service of the suite is not run, or undefined. */
export function skippedService(id: string): string | undefined {
  return id.includes('restjson.validation') ? "Smithy's own validation texts; Haneul answers with AWS's (src/wire/constraints.test.ts)" : undefined;
}
