module.exports = require('../../../jest.preset.cjs')('synchronizer');
