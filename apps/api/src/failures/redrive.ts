import { contractOf, QueueError, type Bus, type DeadLetters, type FailureRow } from '@bigbrotr/core';

export interface RedriveModules {
  readonly bus: Bus;
  readonly deadLetters: DeadLetters;
}

/** Runs the work of a dead letter again, also when the queue has forgotten it. */
export async function redrive(
  { queue, jobId, data }: Pick<FailureRow, 'queue' | 'jobId' | 'data'>,
  { bus, deadLetters }: RedriveModules,
): Promise<void> {
  try {
    await deadLetters.redrive(queue, jobId);
  } catch (error) {
    if (!isForgotten(error)) throw error;
    const { contract, network } = contractOf(queue);
    await bus.request(contract, contract.decode(data), network === undefined ? {} : { network });
  }
}

export async function discard(
  { queue, jobId }: Pick<FailureRow, 'queue' | 'jobId'>,
  { deadLetters }: RedriveModules,
): Promise<void> {
  try {
    await deadLetters.discard(queue, jobId);
  } catch (error) {
    if (!isForgotten(error)) throw error;
  }
}

function isForgotten(error: unknown): boolean {
  return error instanceof QueueError && error.code === 'job-unknown';
}
