import { AppError } from '@bigbrotr/models';

/** One thing wrong with the configuration, in three parts: where, what, and what to do about it. */
export interface ConfigIssue {
  /** Dotted path of the key, or the name of the file or variable. */
  readonly path: string;
  readonly problem: string;
  /** Where the value was written, e.g. `config.yaml:12` or `BIGBROTR__API__PORT`. */
  readonly origin?: string;
  readonly advice: string;
}

/** Everything that is wrong with the configuration, at once. Never holds the value of a secret. */
export class ConfigError extends AppError<'bad-config'> {
  readonly code = 'bad-config';
  readonly recovery = 'shut-down';
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[], options?: ErrorOptions) {
    const count = issues.length === 1 ? 'a problem' : `${issues.length} problems`;
    super(
      `The configuration has ${count}:\n${issues.map((issue) => `  ${issueLine(issue)}`).join('\n')}`,
      { issues: issues.length },
      options,
    );
    this.issues = issues;
  }
}

export function issueLine({ path, problem, origin, advice }: ConfigIssue): string {
  return `${path}: ${problem}${origin === undefined ? '' : ` (${origin})`}. ${advice}`;
}
