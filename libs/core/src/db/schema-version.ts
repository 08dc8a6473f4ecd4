/** The schema that this code was written for: the highest `version` in `schema_versions` that its migrations write. */
export const SCHEMA_VERSION = 2;
