module.exports = require('../../../jest.preset.cjs')('validator');
