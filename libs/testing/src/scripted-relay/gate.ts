import type { FilterMatching } from './filter-matching.js';
import type { RelayState } from './relay-state.js';

/** How a request is turned away; `nothing` leaves it without any answer. */
export type Refusal = { readonly by: 'closed' | 'notice'; readonly text: string } | { readonly by: 'nothing' };

export interface Visitor {
  readonly authenticated: boolean;
  /** REQs of this connection, the present one included. */
  readonly reqs: number;
  /** Open subscriptions, the present one included. */
  readonly subscriptions: number;
}

const AUTH_REQUIRED = 'auth-required: only for those whom we know';

/** Whether the relay's temper turns this REQ away; undefined lets it through. */
export function refusalOf(
  relay: RelayState,
  visitor: Visitor,
  filters: readonly FilterMatching[],
): Refusal | undefined {
  const { temper } = relay;
  if (needsAuth(relay, visitor)) {
    return temper.auth === 'silent' ? { by: 'nothing' } : { by: 'closed', text: AUTH_REQUIRED };
  }
  if (temper.rateLimit !== undefined && isOverRate(relay, temper.rateLimit)) {
    return { by: temper.rateLimit.by, text: 'rate-limited: slow down' };
  }
  if (visitor.subscriptions > (temper.maxSubscriptions ?? Infinity)) {
    return { by: 'closed', text: 'error: too many concurrent REQs' };
  }
  if (filters.some(({ until }) => until !== undefined && until < 1)) {
    if (temper.untilBelowOne === 'closed') return { by: 'closed', text: 'invalid: until is out of range' };
    if (temper.untilBelowOne === 'notice') return { by: 'notice', text: 'ERROR: bad req: until is out of range' };
  }
  if (temper.everyNthReqSilent !== undefined && relay.counts.reqs % temper.everyNthReqSilent === 0)
    return { by: 'nothing' };
  return undefined;
}

export function needsAuth({ temper }: RelayState, { authenticated, reqs }: Visitor): boolean {
  if (temper.auth === undefined || authenticated) return false;
  return temper.auth !== 'late' || reqs > (temper.authAfter ?? 3);
}

function isOverRate({ rate }: RelayState, { every, recoverMs }: { every: number; recoverMs: number }): boolean {
  if (Date.now() < rate.refusedUntil) return true;
  rate.served += 1;
  if (rate.served <= every) return false;
  rate.served = 0;
  rate.refusedUntil = Date.now() + recoverMs;
  return true;
}
