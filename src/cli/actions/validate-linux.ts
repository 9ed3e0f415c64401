/** What `sluice validate linux` does. Loaded when it is called. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { NetError } from '../../base/errors.ts';
import { ControllerRegistry } from '../../recovery/cc/controllers.ts';
import { compareWithLinux } from '../../scenario/validation/linux/linux-agreement.ts';
import {
  type LinuxRecord,
  parseLinuxRecord,
} from '../../scenario/validation/linux/linux-record.ts';
import type { ValidateOptions } from '../commands/validate.ts';
import { formatLinuxAgreement } from '../linux-report.ts';
import { Progress, RUNS } from '../progress.ts';

const SOMETHING_DIFFERS = 1;

export function runValidateLinux(options: ValidateOptions): void {
  const records = readRecords(options.data);
  let progress: Progress | undefined;
  try {
    const results = compareWithLinux(records, {
      registry: ControllerRegistry.withBuiltIns(),
      onProgress(done, total) {
        progress ??= new Progress('comparing', total, RUNS);
        progress.update(done);
      },
    });
    progress?.stop();
    const text = options.json
      ? JSON.stringify({ command: 'validate linux', records: results }, undefined, 2)
      : formatLinuxAgreement(results);
    process.stdout.write(`${text}\n`);
    const differs = results.some(({ verdict }) => verdict === 'differs');
    if (differs) process.exitCode = SOMETHING_DIFFERS;
  } finally {
    progress?.stop();
  }
}

/** The recordings of the directory itself, in the order of their names. */
function readRecords(directory: string | undefined): LinuxRecord[] {
  if (directory === undefined) {
    throw NetError.value('--data', 'a directory of recordings', 'none');
  }
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw NetError.value('--data', 'a directory of recordings', directory);
  }
  const files = readdirSync(directory).filter((name) => name.endsWith('.json'));
  if (files.length === 0) throw NetError.value('--data', '.json recordings', directory);
  return files.sort().map((file) => {
    return parseLinuxRecord(file, readFileSync(join(directory, file), 'utf8'));
  });
}
