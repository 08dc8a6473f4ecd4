import { build, checkNode, ensureInstalled } from './ensure.mjs';

try {
  checkNode();
  await ensureInstalled();
  await build();
} catch (error) {
  if (error.exitCode === undefined) throw error;
  process.stderr.write(`bigbrotr: ${error.message}\n`);
  process.exit(error.exitCode);
}
