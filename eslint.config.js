import tseslint from 'typescript-eslint'

// Types are checked by tsc; this holds the habits that tsc does not see.
export default tseslint.config(
  { ignores: ['node_modules/**', '.venv/**', '.cache/**', 'out/**', 'dist/**', 'models/**'] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: { parser: tseslint.parser },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      'no-var': 'error',
      'prefer-const': 'error',
      eqeqeq: ['error', 'always'],
      'no-debugger': 'error',
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-constant-condition': ['error', { checkLoops: false }],
      'no-self-compare': 'error',
      'no-throw-literal': 'error',
      'no-unreachable': 'error',
      'no-duplicate-imports': 'off',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-duplicate-enum-values': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Use a named export: the name in the import is then the name in the code.' },
        { selector: 'ExportAllDeclaration', message: 'Name what you export; `export *` hides where a thing comes from.' },
      ],
    },
  },
  { files: ['**/*.config.ts', '**/*.config.js'], rules: { 'no-restricted-syntax': 'off' } },
  { files: ['main/**/*.ts'], ignores: ['main/cli/**'], rules: { 'no-console': 'error' } },
)
