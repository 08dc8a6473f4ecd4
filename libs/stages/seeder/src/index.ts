export { seederStage, type SeederModules } from './stage.js';
