import { AppError } from '@bigbrotr/models';

import { errorCode } from '../logging/error-code.js';

export type ListenErrorCode = 'port-in-use' | 'port-forbidden' | 'address-unavailable' | 'listen-failed';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A server of ours could not start to listen. The message says what to do. */
export class ListenError extends AppError<ListenErrorCode> {
  readonly code: ListenErrorCode;
  readonly recovery = 'shut-down';

  constructor(cause: unknown, { host, port }: ListenAddress) {
    const { code, message } = verdict(cause, host, port);
    super(message, { host, port }, { cause });
    this.code = code;
  }
}

function verdict(cause: unknown, host: string, port: number): { code: ListenErrorCode; message: string } {
  switch (errorCode(cause)) {
    case 'EADDRINUSE':
      return {
        code: 'port-in-use',
        message: `Port ${port} on ${host} is in use. Stop the program that has it, or set PORT (api.port) to a free one.`,
      };
    case 'EACCES':
      return {
        code: 'port-forbidden',
        message: `This user may not listen on port ${port}. Set PORT (api.port) to one above 1023.`,
      };
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return {
        code: 'address-unavailable',
        message: `${host} is no address of this machine. Set api.host to one that is, such as 127.0.0.1 or 0.0.0.0.`,
      };
    default:
      return { code: 'listen-failed', message: `Cannot listen on ${host}, port ${port}. Check api.host and api.port.` };
  }
}
