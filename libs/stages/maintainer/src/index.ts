export { maintainerStage, type MaintainerModules } from './stage.js';
