module.exports = require('../../../jest.preset.cjs')('dispatcher');
