import { eventRoutes } from './events/event-routes.js';
import { failureRoutes, type FailureRouteModules } from './failures/failure-routes.js';
import type { Route } from './http/route.js';
import { jobRoutes, type JobRouteModules } from './jobs/job-routes.js';
import { queueRoutes, type QueueRouteModules } from './queues/queue-routes.js';
import { relayRoutes } from './relays/relay-routes.js';
import { statsRoutes } from './stats/stats-routes.js';

export type RouteModules = JobRouteModules & QueueRouteModules & FailureRouteModules;

/** The API as a table of contents. */
export function apiRoutes(modules: RouteModules): Route[] {
  return [
    ...relayRoutes(modules),
    ...eventRoutes(modules),
    ...statsRoutes(modules),
    ...jobRoutes(modules),
    ...queueRoutes(modules),
    ...failureRoutes(modules),
  ];
}
