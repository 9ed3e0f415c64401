import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], testTimeout: number) => ({
  test: { name, include, testTimeout, environment: 'node', pool: 'forks' as const },
});

export default defineConfig({
  test: {
    projects: [
      project('fast', ['test/{unit,property}/**/*.test.ts', 'test/*.test.ts'], 60_000),
      project('sim', ['test/{scenario,differential,alloc,cli}/**/*.test.ts'], 120_000),
      project('slow', ['test/slow/**/*.test.ts'], 3_600_000),
    ],
  },
});
