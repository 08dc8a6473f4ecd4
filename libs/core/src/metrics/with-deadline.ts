import { AppError } from '@bigbrotr/models';

export class DeadlineError extends AppError<'deadline'> {
  readonly code = 'deadline';
  readonly recovery = 'retry';
}

/** The result of `work`, or a {@link DeadlineError} after `ms`; then its signal fires, and nobody waits for it any longer. */
export async function withDeadline<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new DeadlineError(`No answer within ${ms} ms`, { ms });
      controller.abort(error);
      reject(error);
    }, ms);
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
