export interface ServerExit {
  /** Exit code of the server; above 128: ended by the signal `code - 128`. */
  readonly code: number;
  /** False when it ended without being asked to by `stop()`. */
  readonly expected: boolean;
}

/** A private server on a loopback port. Whoever started it stops it; when the starter dies, it stops by itself. */
export interface RunningServer extends AsyncDisposable {
  /** With the password; for this machine only. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** As the binary tells it, e.g. `17.10`. */
  readonly version: string;
  /** Never rejects. */
  readonly exited: Promise<ServerExit>;
  /** Flushes and ends the server; its data stay. Safe to call twice. */
  stop(): Promise<void>;
}
