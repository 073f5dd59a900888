import { existsSync } from 'node:fs';

import tseslint from 'typescript-eslint';

/** The rules that ESLint itself recommends, for the scripts that have no types. */
const recommended = [
  'constructor-super',
  'for-direction',
  'getter-return',
  'no-async-promise-executor',
  'no-case-declarations',
  'no-class-assign',
  'no-compare-neg-zero',
  'no-cond-assign',
  'no-const-assign',
  'no-constant-binary-expression',
  'no-constant-condition',
  'no-control-regex',
  'no-debugger',
  'no-delete-var',
  'no-dupe-args',
  'no-dupe-class-members',
  'no-dupe-else-if',
  'no-dupe-keys',
  'no-duplicate-case',
  'no-empty',
  'no-empty-character-class',
  'no-empty-pattern',
  'no-empty-static-block',
  'no-ex-assign',
  'no-extra-boolean-cast',
  'no-fallthrough',
  'no-func-assign',
  'no-global-assign',
  'no-import-assign',
  'no-invalid-regexp',
  'no-irregular-whitespace',
  'no-loss-of-precision',
  'no-misleading-character-class',
  'no-new-native-nonconstructor',
  'no-obj-calls',
  'no-prototype-builtins',
  'no-redeclare',
  'no-regex-spaces',
  'no-self-assign',
  'no-setter-return',
  'no-shadow-restricted-names',
  'no-sparse-arrays',
  'no-this-before-super',
  'no-undef',
  'no-unexpected-multiline',
  'no-unreachable',
  'no-unsafe-finally',
  'no-unsafe-negation',
  'no-unsafe-optional-chaining',
  'no-unused-labels',
  'no-unused-private-class-members',
  'no-unused-vars',
  'no-useless-backreference',
  'no-useless-catch',
  'no-useless-escape',
  'no-var',
  'no-with',
  'eqeqeq',
  'prefer-const',
  'require-yield',
  'use-isnan',
  'valid-typeof',
];

/** What Node has without an import. */
const ofNode = ['AbortSignal', 'Buffer', 'URL', 'clearTimeout', 'performance', 'process', 'setTimeout'];

/** Rules with types need the packages of that extension, which only `npm run wheel` installs. */
const withoutPackages = existsSync(new URL('extensions/jupyterlab/node_modules', import.meta.url))
  ? []
  : ['extensions/jupyterlab/'];

export default tseslint.config(
  { ignores: ['dist/', 'out/', 'node_modules/', '.venv/', '**/*.js', 'vitest.config.ts', ...withoutPackages] },
  {
    files: ['build/*.mjs'],
    languageOptions: { globals: Object.fromEntries(ofNode.map((name) => [name, 'readonly'])) },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      ...Object.fromEntries(recommended.map((name) => [name, 'error'])),
      'max-lines': ['error', { max: 500 }],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', { max: 3 }],
    },
  },
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'max-lines': ['error', { max: 500 }],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', { max: 3 }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Exports are named.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // An exhaustive `switch` over `kind` needs no condition that the compiler could not already prove.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Index signatures are read with ['name'] (noPropertyAccessFromIndexSignature), so brackets are right there.
      '@typescript-eslint/dot-notation': 'off',
    },
  },
  {
    // The layout library's types do not resolve as an ES module of Node.
    files: ['extensions/ui/graph-layout.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/restrict-plus-operands': 'off',
    },
  },
  {
    // Functions from before the rule; a file leaves this list when the last of them has an options object.
    files: [
      'build/corpus.mjs',
      'build/knowledge.mjs',
      'compiler/1-read/read.ts',
      'compiler/4-emit/names.ts',
      'compiler/bundle/canonical.ts',
      'compiler/compile.ts',
      'extensions/cli/only.ts',
      'extensions/cli/run-targets.ts',
      'runtime/cache.ts',
      'runtime/process/worker-parent.ts',
      'runtime/refusal.ts',
      'runtime/report/html.ts',
      'runtime/report/outputs.ts',
      'runtime/store/damage.ts',
      'runtime/task-inputs.ts',
      'runtime/versions.ts',
    ],
    rules: { 'max-params': 'off' },
  },
  // A suite is one function by its nature.
  { files: ['test/**'], rules: { 'max-lines-per-function': 'off' } },
);
