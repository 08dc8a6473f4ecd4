#!/usr/bin/env node
import { ensureReady } from './ensure.mjs';

try {
  await ensureReady();
} catch (error) {
  if (error.exitCode === undefined) throw error;
  process.stderr.write(`bigbrotr: ${error.message}\n`);
  process.exit(error.exitCode);
}
await import('../dist/main.js');
