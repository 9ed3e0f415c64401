import { defineConfig } from 'tsup';

export default defineConfig([
  {
    // One configuration for library and command, so that both share one copy of every class.
    entry: { index: 'src/index.ts', main: 'src/cli/main.ts' },
    format: ['esm'],
    target: 'node20',
    splitting: true,
    clean: true,
    removeNodeProtocol: false,
    tsconfig: 'tsconfig.dts.json',
    dts: { entry: { index: 'src/index.ts' } },
  },
]);
