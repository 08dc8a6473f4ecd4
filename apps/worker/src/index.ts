export { AppConfig } from './config.js';
export { openHouse, type House, type HouseOptions } from './house.js';
export { openPool, openStorage, type Storage } from './storage.js';
export { STAGES } from './stages.js';
