import type { Queryable } from '../db/pool.js';
import type { GenerationMirror } from '../queue/generation.js';

/** The mark of the queue backend that holds our work, in `service_data`. */
export function createGenerationMirror(db: Queryable): GenerationMirror {
  return {
    async read() {
      const { rows } = await db.query<{ generation: string }>(
        `SELECT data ->> 'generation' AS generation FROM service_data WHERE service_name = 'queue' AND data_type = 'state' AND data_key = 'generation'`,
      );
      return rows[0]?.generation;
    },
    async replace(expected, next) {
      // The first write has no row to compare with: of two, the key lets one in.
      const { rowCount } = await db.query(
        expected === undefined
          ? `INSERT INTO service_data (service_name, data_type, data_key, data, updated_at)
             VALUES ('queue', 'state', 'generation', jsonb_build_object('generation', $1::text), extract(epoch FROM now())::bigint)
             ON CONFLICT DO NOTHING`
          : `UPDATE service_data SET data = jsonb_build_object('generation', $1::text), updated_at = extract(epoch FROM now())::bigint
             WHERE service_name = 'queue' AND data_type = 'state' AND data_key = 'generation' AND data ->> 'generation' = $2`,
        expected === undefined ? [next] : [next, expected],
      );
      return rowCount === 1;
    },
  };
}
