import { z } from 'zod';

/** The row of `job_requests` that asked for the job, when somebody did. */
export const requestId = z.uuid().optional();
