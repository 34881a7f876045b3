/** One jest configuration for the whole workspace: ESM, transpiled by swc, library sources read without a build. */
export default {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@trivet/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'] },
  transform: {
    '^.+\\.tsx?$': ['@swc/jest', {
      sourceMaps: 'inline',
      module: { type: 'es6' },
      jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform: { legacyDecorator: true, decoratorMetadata: true }, keepClassNames: true },
    }],
  },
  transformIgnorePatterns: ['/node_modules/', '/dist/'],
  testMatch: ['<rootDir>/{contracts,libs,apps,examples,scripts,infra,docs}/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/.trivet/'],
  modulePathIgnorePatterns: ['/dist/', '/.trivet/'],
  testTimeout: 30000,
};
