export { monitorStage, type MonitorModules } from './stage.js';
