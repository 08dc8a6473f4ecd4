export { finderStage, type FinderModules } from './stage.js';
