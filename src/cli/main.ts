#!/usr/bin/env node
import { runCli } from './runCli.ts';
import { processTerminal } from './terminal.ts';

// The process ends when everything it started has ended; what lingers beyond two seconds is not waited for.
process.exitCode = await runCli(process.argv.slice(2), processTerminal());
setTimeout(() => process.exit(), 2_000).unref();
