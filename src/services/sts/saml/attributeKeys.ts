// IAM user guide, "Mapping SAML attributes to AWS trust policy context keys": what an identity provider calls an attribute, and the
// condition key that it becomes.

const eduPerson = ['Affiliation', 'Nickname', 'OrgDN', 'OrgUnitDN', 'PrimaryAffiliation', 'PrincipalName', 'Entitlement', 'PrimaryOrgUnitDN', 'ScopedAffiliation', 'TargetedID', 'Assurance'];
const eduOrg = ['HomePageURI', 'IdentityAuthNPolicyURI', 'LegalName', 'SuperiorURI', 'WhitePagesURI'];

const keysByAttribute: ReadonlyMap<string, string> = new Map([
  ...eduPerson.map((name, index): [string, string] => [`urn:oid:1.3.6.1.4.1.5923.1.1.1.${index + 1}`, `saml:eduperson${name.toLowerCase()}`]),
  ...eduOrg.map((name, index): [string, string] => [`urn:oid:1.3.6.1.4.1.5923.1.2.1.${index + 2}`, `saml:eduorg${name.toLowerCase()}`]),
  ['urn:oid:2.5.4.3', 'saml:cn'],
  ['http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name', 'saml:name'],
  ['http://schemas.xmlsoap.org/claims/CommonName', 'saml:commonName'],
  ['http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname', 'saml:givenName'],
  ['http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname', 'saml:surname'],
  ['http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress', 'saml:mail'],
  ['http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid', 'saml:primaryGroupSID'],
  ['urn:oid:2.5.4.45', 'saml:x500UniqueIdentifier'],
  ['urn:oid:0.9.2342.19200300.100.1.45', 'saml:organizationStatus'],
  ['urn:oid:0.9.2342.19200300.100.1.3', 'saml:mail'],
  ['urn:oid:0.9.2342.19200300.100.1.1', 'saml:uid'],
  ['urn:oid:2.5.4.41', 'saml:name'],
  ['urn:oid:2.5.4.4', 'saml:surname'],
  ['urn:oid:2.5.4.42', 'saml:givenName'],
]);

/** The condition keys of an assertion's attributes. */
export function samlKeys(attributes: ReadonlyMap<string, readonly string[]>): Record<string, readonly string[]> {
  const keys: Record<string, readonly string[]> = {};
  for (const [name, values] of attributes) {
    const key = keysByAttribute.get(name);
    if (key !== undefined && values.length > 0) keys[key] = values;
  }
  return keys;
}
