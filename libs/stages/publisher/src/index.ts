export { publisherStage, type PublisherModules } from './stage.js';
