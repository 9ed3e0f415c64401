/**
 * House rules that the linter, the type checker and dependency-cruiser do not know: names, sizes, headers,
 * words, and arithmetic that differs between engines or breaks at a wrap. Each rule lists its offenders.
 * Layer order and dead code are the business of `npm run check`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const SOURCE_LINES_MAX = 500;
const NOT_OURS = new Set(['.git', '.tsc', 'dist', 'dist-bench', 'node_modules', 'out']);
/** The folders that vitest.config.ts runs; a test anywhere else would never run. */
const TEST_PLACE = /^test\/(?:unit|property|scenario|differential|alloc|cli|slow)\/|^test\/[^/]+$/;
/** Exact on every engine; all other functions of Math are approximations that may differ (ECMA-262 §21.3.2). */
const EXACT_MATH = new Set(
  'abs ceil clz32 floor fround imul max min round sign sqrt trunc PI'.split(' '),
);

/** Paths of all files below a folder, relative to the root and with slashes. */
function filesBelow(folder: string): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !NOT_OURS.has(entry.name))
    .flatMap((entry) => {
      const name = relative(root, join(path, entry.name)).replaceAll('\\', '/');
      return entry.isDirectory() ? filesBelow(name) : [name];
    });
}

const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const sources = filesBelow('src').filter((name) => name.endsWith('.ts'));
const tests = filesBelow('test').filter((name) => name.endsWith('.ts'));
const benches = filesBelow('bench').filter((name) => name.endsWith('.ts'));
const texts = filesBelow('.').filter((name) => !/\.(?:pcap|pcapng|gz|tgz|log|wasm)$/.test(name));
const isPure = (name: string): boolean => !/^src\/(?:edge|cli|report)\//.test(name);

/** `file:line` of each match; `pattern` has the g flag. */
function findAll(names: string[], pattern: RegExp): string[] {
  return names.flatMap((name) => {
    const text = read(name);
    return Array.from(text.matchAll(pattern), (match) => {
      const line = text.slice(0, match.index).split('\n').length;
      return `${name}:${line} ${match[0]}`;
    });
  });
}

describe('files', () => {
  it('keeps src in the folders of the layer table, and each folder under a type check', () => {
    const { forbidden } = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as {
      forbidden: { name: string }[];
    };
    const layers = forbidden.flatMap(({ name }) => name.match(/^layer-(.+)/)?.[1] ?? []);
    const checked = ['core', 'edge'].flatMap(
      (world) => JSON.parse(read(`src/tsconfig.${world}.json`)).include as string[],
    );
    const folders = new Set(sources.flatMap((name) => name.match(/^src\/([^/]+)\//)?.[1] ?? []));
    expect([...folders].filter((folder) => !layers.includes(folder))).toEqual([]);
    expect([...folders].filter((folder) => !checked.includes(folder))).toEqual([]);
  });

  it('keeps every source file within 500 lines', () => {
    const lines = (name: string) => read(name).trimEnd().split('\n').length;
    expect(sources.filter((name) => lines(name) > SOURCE_LINES_MAX)).toEqual([]);
  });

  it('names files in kebab-case, and none a util, helper, manager or common', () => {
    const word = /^_?[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?:\.(?:test|bench|d))?\.ts$/;
    const vague = /(?:^|[-_])(?:utils?|helpers?|manager|common|misc)(?:[-.]|$)/;
    const offends = (name: string) => !word.test(name) || vague.test(name);
    const names = [...sources, ...tests, ...benches];
    expect(names.filter((name) => offends(basename(name)))).toEqual([]);
  });

  it('keeps tests where a project of vitest.config.ts runs them, and unit tests beside their layer', () => {
    const cases = tests.filter((name) => name.endsWith('.test.ts'));
    expect(cases.filter((name) => !TEST_PLACE.test(name))).toEqual([]);
    const layerOf = (name: string) => name.match(/^test\/unit\/([^/]+)\//)?.[1];
    const units = cases.filter((name) => name.startsWith('test/unit/'));
    const strays = units.filter((name) => !existsSync(join(root, 'src', layerOf(name) ?? '-')));
    expect(strays).toEqual([]);
  });

  it('opens every source file with a comment on what it is', () => {
    expect(sources.filter((name) => !/^(?:#!.*\n)?\/[*/]/.test(read(name)))).toEqual([]);
  });
});

describe('words', () => {
  it('leaves no work for later in src', () => {
    expect(findAll(sources, /\b(?:TODO|FIXME|XXX|HACK)\b/g)).toEqual([]);
  });

  it('names no folder of a machine and no host of a package registry', () => {
    // `[k]` and the like keep this file from finding itself.
    const machine = /(?<![\w.~}$-])\/(?:wor[k]|roo[t]|hom[e]|User[s])\/[\w.-]+/g;
    const registry = /https?:\/\/(?:registry|npm)\.[\w.-]+/g;
    expect([...findAll(texts, machine), ...findAll(texts, registry)]).toEqual([]);
  });
});

describe('arithmetic', () => {
  const program = ts.createProgram(
    sources.map((name) => join(root, name)),
    { ...readCompilerOptions(), noEmit: true },
  );
  const checker = program.getTypeChecker();

  function readCompilerOptions(): ts.CompilerOptions {
    const file = join(root, 'src/tsconfig.core.json');
    const { config } = ts.readConfigFile(file, ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(file));
    return { ...options, composite: false, incremental: false, emitDeclarationOnly: false };
  }

  /** `file:line text` of every node of the given files that offends. */
  function findNodes(names: string[], offends: (node: ts.Node) => boolean): string[] {
    const found: string[] = [];
    for (const name of names) {
      const file = program.getSourceFile(join(root, name));
      if (file === undefined) throw new Error(`${name} is not in the program`);
      const visit = (node: ts.Node): void => {
        if (offends(node)) {
          const { line } = file.getLineAndCharacterOfPosition(node.getStart());
          found.push(`${name}:${line + 1} ${node.getText()}`);
        }
        ts.forEachChild(node, visit);
      };
      visit(file);
    }
    return found;
  }

  const isMath = (node: ts.Node): node is ts.PropertyAccessExpression =>
    ts.isPropertyAccessExpression(node) && node.expression.getText() === 'Math';

  it('takes no chance from Math.random', () => {
    const offends = (node: ts.Node) => isMath(node) && node.name.text === 'random';
    expect(findNodes(sources, offends)).toEqual([]);
  });

  it('uses only functions of Math that are exact, outside base/math.ts', () => {
    const offends = (node: ts.Node) => isMath(node) && !EXACT_MATH.has(node.name.text);
    const pure = sources.filter((name) => isPure(name) && name !== 'src/base/math.ts');
    expect(findNodes(pure, offends)).toEqual([]);
  });

  it('compares and adds sequence numbers only by base/seq.ts — RFC 9293 §3.4', () => {
    // Assignment and equality are fine; everything else reads a wrapped number as a plain one.
    const fine = new Set<ts.SyntaxKind>([
      ts.SyntaxKind.EqualsToken,
      ts.SyntaxKind.EqualsEqualsEqualsToken,
      ts.SyntaxKind.ExclamationEqualsEqualsToken,
      ts.SyntaxKind.QuestionQuestionToken,
      ts.SyntaxKind.CommaToken,
    ]);
    const isSeq = (node: ts.Node) =>
      checker.typeToString(checker.getTypeAtLocation(node)) === 'SeqNumber';
    const offends = (node: ts.Node): boolean => {
      if (ts.isAsExpression(node)) return node.type.getText() === 'SeqNumber';
      if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
        return isSeq(node.operand);
      }
      if (!ts.isBinaryExpression(node) || fine.has(node.operatorToken.kind)) return false;
      return isSeq(node.left) || isSeq(node.right);
    };
    const others = sources.filter((name) => name !== 'src/base/seq.ts');
    expect(findNodes(others, offends)).toEqual([]);
    // The rule can see: in its own file, the operators are there.
    expect(findNodes(['src/base/seq.ts'], offends).length).toBeGreaterThan(4);
  });
});
