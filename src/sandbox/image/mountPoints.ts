/** What of ours the root of an image shows: our first program, and what every process needs. Whoever prepares a root makes these; they must be no links. */
export const imageMountPoints = {
  folders: ['proc', 'dev', 'tmp', 'etc', '.haneul'],
  files: ['etc/hosts', 'etc/hostname', 'etc/resolv.conf'],
} as const;

/** Where our first program is inside an image. */
export const imageRuntimeFolder = '/.haneul';
