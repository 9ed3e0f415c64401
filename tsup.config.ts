import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

/**
 * esbuild writes top-level constants as `var`, which V8 reads anew at each use. As `const` they are folded:
 * 5 % of a frame's time in bench/replay-loop.
 */
export const keepConstants: NonNullable<Options['plugins']>[number] = {
  name: 'keep-constants',
  renderChunk(code) {
    return { code: code.replaceAll(/^var (?=[A-Z][A-Z0-9_]* = )/gm, 'const ') };
  },
};

/**
 * `#name` becomes `$name`: V8 knows the class of what a plain field holds once it is written, and no field is
 * first undefined (useDefineForClassFields is off for the same reason). 10 % of a frame's time over links.
 */
export const plainFields: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'plain-fields',
  setup(build) {
    build.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      return { contents: text.replaceAll(/(^|[\s.!?(])#(?=[a-z])/gm, '$1$$'), loader: 'ts' };
    });
  },
};

const common: Options = {
  plugins: [keepConstants],
  esbuildPlugins: [plainFields],
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
  entry: {
    index: 'src/index.ts',
    main: 'src/cli/main.ts',
    'matrix-worker': 'src/cli/matrix-worker.ts',
    'validate-worker': 'src/cli/validate-worker.ts',
    schema: 'src/scenario/json-schema.ts',
  },
  dts: { entry: { index: 'src/index.ts' } },
  async onSuccess() {
    cpSync('src/cli/templates', 'dist/templates', { recursive: true });
    cpSync('src/scenario/matrix/standard', 'dist/matrices', { recursive: true });
    const built = new URL('dist/schema.js', import.meta.url).href;
    const { scenarioJsonSchema } = await import(`${built}?${Date.now()}`);
    const text = `${JSON.stringify(scenarioJsonSchema(), undefined, 2)}\n`;
    writeFileSync(new URL('dist/scenario.schema.json', import.meta.url), text);
  },
};

export default defineConfig(process.env['BENCH'] === undefined ? library : bench);
