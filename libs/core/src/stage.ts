import type { z } from 'zod';

import type { Contract, StageName, Versioned } from './queue/contract.js';
import { handle, type Handler, type Registration } from './queue/outcome.js';

type Payloads = Readonly<Record<string, Versioned>>;
type Contracts<P extends Payloads> = { readonly [Job in keyof P]: Contract<P[Job]> };
type Handlers<P extends Payloads> = { readonly [Job in keyof P]: Handler<P[Job]> };

export interface StageDefinition<Name extends StageName, Config extends z.ZodType, P extends Payloads, Modules> {
  readonly name: Name;
  /** Its section of the file, every default in it. */
  readonly config: Config;
  /** The jobs it takes, each under a name that its handler shares. */
  readonly contracts: Contracts<P>;
  /** Modules are picked apart in the signature, so that one line shows what the stage uses. They stay their opener's. */
  start(config: z.output<Config>, modules: Modules): StartedHandlers<P> | Promise<StartedHandlers<P>>;
}

export interface StartedHandlers<P extends Payloads> {
  readonly handlers: Handlers<P>;
  /** Ends what the stage itself opened; called once no job of it runs. */
  stop?(): Promise<void>;
}

export interface Stage<Name extends StageName, Config extends z.ZodType, Modules> {
  readonly name: Name;
  readonly config: Config;
  readonly contracts: readonly Contract[];
  /**
   * Takes the whole configuration and finds its section there. So a loop over several stages compiles only when the
   * configuration has a section, and the house a module, for each of them.
   */
  start(config: Readonly<Record<Name, z.output<Config>>>, modules: Modules): Promise<RunningStage>;
}

export interface RunningStage {
  readonly name: StageName;
  /** For the queue layer to run. */
  readonly registrations: readonly Registration[];
  stop(): Promise<void>;
}

export function defineStage<const Name extends StageName, Config extends z.ZodType, P extends Payloads, Modules>(
  definition: StageDefinition<Name, Config, P, Modules>,
): Stage<Name, Config, Modules> {
  const { name, config, contracts } = definition;
  return {
    name,
    config,
    contracts: Object.values<Contract>(contracts),
    async start(sections, modules) {
      const started = await definition.start(sections[name], modules);
      const jobs: (keyof P)[] = Object.keys(contracts);
      return {
        name,
        registrations: jobs.map((job) => handle(contracts[job], started.handlers[job])),
        stop: async () => started.stop?.(),
      };
    },
  };
}
