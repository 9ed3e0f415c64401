import { writeFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

const common: Options = {
  format: ['esm'],
  target: 'node20',
  splitting: true,
  clean: true,
  removeNodeProtocol: false,
  tsconfig: 'tsconfig.dts.json',
};

/** Benchmarks are bundled too: Node 20 runs no TypeScript. `npm run bench` sets BENCH. */
const bench: Options = {
  ...common,
  entry: ['bench/*.ts'],
  outDir: 'dist-bench',
  skipNodeModulesBundle: true,
};

const library: Options = {
  ...common,
  // One configuration for library and command, so that both share one copy of every class.
  entry: { index: 'src/index.ts', main: 'src/cli/main.ts', schema: 'src/scenario/schema.ts' },
  dts: { entry: { index: 'src/index.ts' } },
  async onSuccess() {
    const built = new URL('dist/schema.js', import.meta.url).href;
    const { scenarioJsonSchema } = await import(`${built}?${Date.now()}`);
    const text = `${JSON.stringify(scenarioJsonSchema(), undefined, 2)}\n`;
    writeFileSync(new URL('dist/scenario.schema.json', import.meta.url), text);
  },
};

export default defineConfig(process.env['BENCH'] === undefined ? library : bench);
