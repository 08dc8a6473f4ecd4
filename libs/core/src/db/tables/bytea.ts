import { customType } from 'drizzle-orm/pg-core';

/** drizzle 0.45 has no bytea of its own. */
export const bytea = customType<{ data: Buffer; driverData: Buffer }>({
  dataType() {
    return 'bytea';
  },
});
