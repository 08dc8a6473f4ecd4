import { readFile } from 'node:fs/promises';
import { ServerError } from './server-error.js';

/** The account that a server runs under. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/** The account of `nobody` as `/etc/passwd` has it. PostgreSQL looks its user up there, so a bare number would not do. */
export function parseNobody(passwd: string): RunAs | undefined {
  for (const line of passwd.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name === 'nobody' && uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/** Root's servers run as `nobody` (PostgreSQL refuses root); everybody else's run as themselves: undefined. */
export async function serverAccount(uid = process.getuid?.()): Promise<RunAs | undefined> {
  if (uid !== 0) return undefined;
  const nobody = parseNobody(await readFile('/etc/passwd', 'utf8'));
  if (nobody) return nobody;
  throw new ServerError(
    'no-unprivileged-user',
    'PostgreSQL refuses to run as root, and /etc/passwd has no user "nobody" to run it as: start as an ordinary user, or set DATABASE_URL.',
  );
}
