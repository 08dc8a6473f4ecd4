export { synchronizerStage, type SynchronizerModules } from './stage.js';
