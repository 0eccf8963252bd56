import type { Command } from './command.ts';
import { accessReportCommand } from './commands/accessReport.ts';
import { clockCommand } from './commands/clock.ts';
import { doctorCommand } from './commands/doctor.ts';
import { envCommand } from './commands/env.ts';
import { invokeCommand } from './commands/invoke.ts';
import { logsCommand } from './commands/logs.ts';
import { resetCommand } from './commands/reset.ts';
import { snapshotCommand } from './commands/snapshot.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import { stopCommand } from './commands/stop.ts';
import { trustCommand } from './commands/trust.ts';
import { whyCommand } from './commands/why.ts';

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  startCommand,
  stopCommand,
  statusCommand,
  envCommand,
  trustCommand,
  invokeCommand,
  logsCommand,
  whyCommand,
  accessReportCommand,
  clockCommand,
  snapshotCommand,
  resetCommand,
  doctorCommand,
];
