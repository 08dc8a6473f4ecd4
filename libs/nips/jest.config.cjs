module.exports = require('../../jest.preset.cjs')('nips');
