import { z } from 'zod';

export const SeederConfig = z.strictObject({
  /** One URL a line, `#` begins a comment. Relative paths start where the process was started. Absent: the shipped list. */
  file: z.string().min(1).optional(),
});
export type SeederConfig = z.output<typeof SeederConfig>;
