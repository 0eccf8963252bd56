import { runTool } from '../launcher/tools.ts';
import type { ToolResult } from '../launcher/tools.ts';

/** Runs a program that has to succeed; rejects with its first words. */
export async function run(program: string, args: readonly string[]): Promise<ToolResult> {
  const result = await runTool(program, args);
  if (result.code !== 0) throw new Error(firstLine(result));
  return result;
}

export const firstLine = ({ stderr }: ToolResult): string => stderr.trim().split('\n')[0] ?? '';
