import { systemErrorCode, UserFacingError } from '../base/errors.ts';
import type { ServerOptions } from '../server/options.ts';

/** The one line for a system error at start-up, or undefined when it is not one that a person can mend. */
export function explainStartFailure(error: unknown, options: Pick<ServerOptions, 'host' | 'port' | 'dataFolder'>): UserFacingError | undefined {
  const code = systemErrorCode(error);
  if (code === undefined) return undefined;
  const { host, port, dataFolder = 'the data directory' } = options;
  const other = 'Choose another: --data-dir DIR, or keep nothing: --memory';
  switch (code) {
    case 'EADDRINUSE':
      return new UserFacingError(`Port ${port} on ${host} is already in use.`, `Stop what uses it, or choose another: --port ${port + 1}`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new UserFacingError(`"${host}" is not an address of this machine.`, 'Use --host 127.0.0.1');
    case 'ENOSPC':
    case 'EDQUOT':
      return new UserFacingError(`The disk of ${dataFolder} is full.`, other);
    case 'EROFS':
      return new UserFacingError(`${dataFolder} is on a read-only file system.`, other);
    case 'EACCES':
    case 'EPERM':
      return new UserFacingError(`${dataFolder} may not be written by this user.`, other);
    // Also what mkdir answers on some read-only file systems.
    case 'ENOENT':
      return new UserFacingError(`${dataFolder} cannot be created.`, other);
    case 'ENOTDIR':
    case 'EEXIST':
      return new UserFacingError(`${dataFolder} is a file, not a directory.`, other);
    default:
      return undefined;
  }
}
