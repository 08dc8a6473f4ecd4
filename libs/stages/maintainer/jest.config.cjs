module.exports = require('../../../jest.preset.cjs')('maintainer');
