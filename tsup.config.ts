import { writeFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

/**
 * esbuild writes top-level constants as `var`, which V8 reads anew at each use. As `const` they are folded:
 * 5 % of a frame's time in bench/replay-loop.
 */
const keepConstants: NonNullable<Options['plugins']>[number] = {
  name: 'keep-constants',
  renderChunk(code) {
    return { code: code.replaceAll(/^var (?=[A-Z][A-Z0-9_]* = )/gm, 'const ') };
  },
};

const common: Options = {
  plugins: [keepConstants],
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
