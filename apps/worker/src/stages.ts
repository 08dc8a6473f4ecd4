import { dispatcherStage } from '@bigbrotr/dispatcher';
import { finderStage } from '@bigbrotr/finder';
import { maintainerStage } from '@bigbrotr/maintainer';
import { monitorStage } from '@bigbrotr/monitor';
import { publisherStage } from '@bigbrotr/publisher';
import { seederStage } from '@bigbrotr/seeder';
import { synchronizerStage } from '@bigbrotr/synchronizer';
import { validatorStage } from '@bigbrotr/validator';

/** The pipeline as a table of contents. */
export const STAGES = [
  seederStage,
  finderStage,
  validatorStage,
  monitorStage,
  synchronizerStage,
  publisherStage,
  dispatcherStage,
  maintainerStage,
] as const;
