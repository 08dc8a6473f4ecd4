export { dispatcherStage, type DispatcherModules } from './stage.js';
