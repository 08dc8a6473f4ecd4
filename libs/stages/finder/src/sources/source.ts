import type { Network } from '@bigbrotr/models';

/** What one look at one source brought. A source that fails is a finding, not an error. */
export type SourceResult =
  | {
      readonly ok: true;
      readonly seen: number;
      readonly added: readonly { readonly id: number; readonly network: Network }[];
      /** By the URL law's reason. */
      readonly rejected: ReadonlyMap<string, number>;
    }
  | { readonly ok: false; readonly reason: string };
