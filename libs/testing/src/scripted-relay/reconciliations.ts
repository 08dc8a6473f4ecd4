import type { Frame } from './connection.js';
import { readFilter } from './filter-matching.js';
import { matchingEvents } from './page.js';
import type { Reconciliation, RelayState } from './relay-state.js';

/** The NIP-77 verbs of one connection. */
export class Reconciliations {
  readonly #relay: RelayState;
  readonly #open = new Map<string, Reconciliation>();

  constructor(relay: RelayState) {
    this.#relay = relay;
  }

  open(id: string, rawFilter: unknown, message: unknown): Frame | undefined {
    const { temper, random, index, negentropy } = this.#relay;
    const { negentropy: manner = 'refused', negentropyCap } = temper;
    const filter = readFilter(rawFilter);

    if (manner === 'silent') return undefined;
    if (manner === 'refused') return ['NOTICE', 'ERROR: bad msg: negentropy disabled'];
    if (manner === 'blocked') return ['NEG-ERR', id, 'blocked: not for you'];
    if (manner === 'garbage') return ['NEG-MSG', id, random.hex(40)];
    if (filter === undefined || typeof message !== 'string') return ['NEG-ERR', id, 'invalid: bad NEG-OPEN'];
    if (negentropy === undefined) throw new Error(`negentropy: '${manner}' needs a responder`);

    const matches = matchingEvents(filter, index, temper);
    if (manner === 'full' && matches.length > (negentropyCap ?? Infinity)) {
      return ['NEG-ERR', id, 'blocked: too many query results', negentropyCap];
    }
    const shown = manner === 'truncated' ? matches.slice(0, negentropyCap ?? 500) : matches;
    const reconciliation = negentropy(shown);
    this.#open.set(id, reconciliation);
    return ['NEG-MSG', id, reconciliation.reply(message)];
  }

  next(id: string, message: unknown): Frame | undefined {
    const { negentropy: manner } = this.#relay.temper;
    if (manner === 'silent') return undefined;
    if (manner === 'garbage') return ['NEG-MSG', id, this.#relay.random.hex(40)];
    const reconciliation = this.#open.get(id);
    if (reconciliation === undefined || typeof message !== 'string') {
      return ['NEG-ERR', id, 'closed: unknown subscription handle'];
    }
    return ['NEG-MSG', id, reconciliation.reply(message)];
  }

  close(id: string): void {
    this.#open.delete(id);
  }
}
