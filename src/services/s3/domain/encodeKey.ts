/** As forms encode it: a space is a plus sign, a slash stays ("the object key name value is URL encoded"). */
export function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replaceAll(/[!'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/')
    .replaceAll('%20', '+');
}
