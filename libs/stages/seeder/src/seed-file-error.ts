import { AppError } from '@bigbrotr/models';

/** The configured list cannot be read. */
export class SeedFileError extends AppError<'seed-file'> {
  readonly code = 'seed-file';
  readonly recovery = 'shut-down';
}
