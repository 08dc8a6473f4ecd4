module.exports = require('../../../jest.preset.cjs')('finder');
