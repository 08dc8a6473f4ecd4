export { validatorStage, type ValidatorModules } from './stage.js';
