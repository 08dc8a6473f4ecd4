import {
  findJob,
  findRelay,
  maintainJob,
  publishJob,
  type JobRequestBody,
  type NetworksConfig,
  type Queryable,
} from '@bigbrotr/core';
import { parseRelayUrl } from '@bigbrotr/models';

import { HttpProblem } from '../http/http-problem.js';

export interface JudgeModules {
  readonly pool: Queryable;
  readonly networks: NetworksConfig;
}

/** Throws the problem of a request that can never become a job, before it is written down. */
export async function judgeRequest(body: JobRequestBody, modules: JudgeModules): Promise<void> {
  switch (body.kind) {
    case 'seed':
      return; // each of its URLs is judged by the seeder, which counts what it rejects
    case 'find':
      findJob.encode({ source: body.source });
      return;
    case 'publish':
      publishJob.encode({ what: body.what });
      return;
    case 'maintain':
      maintainJob.encode({ task: body.task });
      return;
    case 'validate':
    case 'monitor':
    case 'sync':
      await judgeRelay(body.kind, body.relay, modules);
  }
}

async function judgeRelay(
  kind: 'validate' | 'monitor' | 'sync',
  input: string,
  { pool, networks }: JudgeModules,
): Promise<void> {
  const parsed = parseRelayUrl(input, { local: networks.local.enabled });
  if (!parsed.ok) throw relayProblem('relay-url', parsed.reason, `This is not the URL of a relay: ${parsed.reason}.`);
  const { url, network } = parsed;
  if (!networks[network].enabled) {
    throw relayProblem(
      'network-disabled',
      network,
      `The ${network} network is not enabled here (networks.${network}.enabled).`,
    );
  }
  if (kind === 'validate' || (await findRelay(pool, url))) return;
  throw new HttpProblem(
    404,
    'relay-unknown',
    `${url} is not among the known relays. Ask for {"kind":"validate"} first.`,
  );
}

function relayProblem(code: string, reason: string, detail: string): HttpProblem {
  return new HttpProblem(422, code, detail, { extra: { reason } });
}
