import { mkdir, readFile, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const HEARTBEAT_MS = 2_000;
const STALE_MS = 30_000;
const POLL_MS = 200;
const SETTLE_MS = 50;
const PATIENCE_MS = 15 * 60_000;

/** Runs `act` while no other process of this checkout does. A lock whose holder died, or lost its heartbeat, does not count. */
export async function withLock(path, act) {
  await acquire(path);
  const heartbeat = setInterval(() => utimes(path, new Date(), new Date()).catch(() => undefined), HEARTBEAT_MS);
  try {
    return await act();
  } finally {
    clearInterval(heartbeat);
    await unlink(path).catch(() => undefined);
  }
}

async function acquire(path) {
  const mine = `${process.pid}\n`;
  const deadline = Date.now() + PATIENCE_MS;
  let told = false;
  await mkdir(dirname(path), { recursive: true });
  for (;;) {
    if (await create(path, mine)) {
      // Two may have found the same stale lock: the later one removed the earlier one's new lock. Look again.
      await setTimeout(SETTLE_MS);
      if ((await read(path)) === mine) return;
    }
    const holder = await read(path);
    if (holder !== undefined && (await isStale(path, Number(holder)))) {
      await unlink(path).catch(() => undefined);
    } else {
      if (!told && holder)
        process.stderr.write(`bigbrotr: waiting for process ${holder.trim()}, which is preparing this checkout\n`);
      told = true;
      await setTimeout(POLL_MS);
    }
    if (Date.now() > deadline)
      throw new Error(`${path} stays locked by process ${holder?.trim()}: remove the file if that is not true`);
  }
}

async function create(path, content) {
  try {
    await writeFile(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

async function read(path) {
  return readFile(path, 'utf8').catch(() => undefined);
}

async function isStale(path, pid) {
  const entry = await stat(path).catch(() => undefined);
  if (!entry) return false;
  if (Date.now() - entry.mtimeMs > STALE_MS) return true;
  if (!(pid > 0)) return false; // just being written
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
