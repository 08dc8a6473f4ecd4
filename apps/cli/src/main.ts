import { runProgram } from './program.js';
import { reportError } from './report-error.js';
import type { Shell } from './shell.js';

const shell: Shell = {
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
};

// A reader that leaves (`| head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  process.exitCode = await runProgram(process.argv.slice(2), shell);
} catch (error) {
  process.exitCode = reportError(error, shell);
}
