import { DurationError, formatDuration, parseDuration } from '@bigbrotr/models';
import { z } from 'zod';

/** A span of time: written `30s`, `5m`, `24h` in the file, milliseconds in code. */
export const Duration = z.codec(z.string().meta({ examples: ['30s', '5m', '24h'] }), z.number().min(0), {
  decode: (text, context) => {
    try {
      return parseDuration(text);
    } catch (error) {
      if (!(error instanceof DurationError)) throw error;
      context.issues.push({ code: 'custom', message: 'expected a duration', input: text });
      return z.NEVER;
    }
  },
  encode: formatDuration,
});
