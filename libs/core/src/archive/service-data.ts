import type { Queryable } from '../db/pool.js';

export type ServiceDataType = 'cursor' | 'checkpoint' | 'state';

/** A small document that a stage keeps between runs. The caller parses it: what was written by older code may differ. */
export async function readServiceData(
  db: Queryable,
  service: string,
  type: ServiceDataType,
  key: string,
): Promise<unknown> {
  const { rows } = await db.query<{ data: unknown }>('SELECT data FROM service_data_get($1, $2, $3)', [
    service,
    type,
    key,
  ]);
  return rows[0]?.data;
}

export async function writeServiceData(
  db: Queryable,
  service: string,
  type: ServiceDataType,
  key: string,
  data: unknown,
  at: number,
): Promise<void> {
  await db.query('SELECT service_data_upsert($1, $2, $3, $4, $5)', [
    [service],
    [type],
    [key],
    [JSON.stringify(data)],
    [at],
  ]);
}
