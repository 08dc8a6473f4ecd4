module.exports = {
  projects: [
    '<rootDir>/libs/*/jest.config.cjs',
    '<rootDir>/libs/stages/*/jest.config.cjs',
    '<rootDir>/apps/*/jest.config.cjs',
  ],
};
