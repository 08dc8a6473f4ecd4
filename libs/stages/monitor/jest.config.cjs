module.exports = require('../../../jest.preset.cjs')('monitor');
