/** `sluice analyze TRACE…`: facts of a capture and a table of its flows. */
import type { Command } from 'commander';

export function addAnalyzeCommand(program: Command): void {
  program.command('analyze').argument('<TRACE>');
}
