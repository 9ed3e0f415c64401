import { describe, expect, it } from 'vitest';
import { parsePython } from '../../../src/packetdrill/python.ts';
import { type PythonValue, runPython } from '../../../src/packetdrill/python-evaluate.ts';

function run(text: string, fields: Record<string, number> = {}) {
  const variables = new Map<string, PythonValue>();
  const output: string[] = [];
  const { statements, unsupported } = parsePython(text);
  if (unsupported !== undefined) throw new Error(unsupported);
  const failed = runPython(statements, {
    variables,
    lookUp: (name) => fields[name],
    print: (line) => output.push(line),
  });
  return { failed, variables, output };
}

const holds = (text: string, fields?: Record<string, number>): boolean =>
  run(`assert ${text}`, fields).failed === undefined;

describe('code of %{ }% blocks', () => {
  it('compares, and chains comparisons', () => {
    expect(holds('1 <= 2 < 3')).toBe(true);
    expect(holds('1 <= 3 < 3')).toBe(false);
    expect(holds('tcpi_rtt != 5', { tcpi_rtt: 5 })).toBe(false);
    expect(holds('0x10 == 16 >= 16')).toBe(true);
  });

  it('binds & tighter than ==, and * tighter than +', () => {
    expect(holds('6 & 3 == 2')).toBe(true);
    expect(holds('2 + 3 * 4 == 14')).toBe(true);
    expect(holds('(2 + 3) * 4 == 20')).toBe(true);
    expect(holds('1 << 4 | 1 == 17')).toBe(true);
    expect(holds('7 // 2 == 3 and -7 // 2 == -4 and -7 % 3 == 2')).toBe(true);
    expect(holds('~5 & 7 == 2')).toBe(true);
    expect(holds('0x80000000 & 0xffffffff == 2147483648')).toBe(true);
  });

  it('knows and, or and not, without evaluating what does not matter', () => {
    expect(holds('not 0 and (0 or 1)')).toBe(true);
    expect(holds('1 or nobody')).toBe(true);
    expect(holds('0 and nobody')).toBe(false);
    expect(holds('not 1 == 2')).toBe(true);
  });

  it('keeps running variables, and adds to them', () => {
    expect(run('cwnd = 10; cwnd += 2\nassert cwnd == 12').failed).toBeUndefined();
  });

  it('goes past comments, continued lines, messages and empty statements', () => {
    const text = `
      # a comment
      assert tcpi_a == 1, 'a=%d' % tcpi_a; \\
         assert tcpi_b == 2, tcpi_b;;
      pass`;
    expect(run(text, { tcpi_a: 1, tcpi_b: 2 }).failed).toBeUndefined();
  });

  it('prints, also with conversions', () => {
    expect(run("print(1, 'x'); print('a: %d b: %5.2f' % (1, 2))").output).toEqual([
      '1 x',
      'a: 1 b: 2',
    ]);
  });

  it('says what was expected and what the names are', () => {
    expect(run('assert tcpi_snd_cwnd == X, 1', { tcpi_snd_cwnd: 9, X: 10 }).failed).toEqual({
      expected: 'tcpi_snd_cwnd == X',
      actual: 'tcpi_snd_cwnd = 9',
    });
  });

  it('stops at the first assertion that fails', () => {
    expect(run('assert 1 == 2\nprint(1)').output).toEqual([]);
  });

  it('names what it does not know', () => {
    expect(parsePython('if x: pass').unsupported).toMatch(/code at/);
    expect(parsePython('x[0] = 1').unsupported).toMatch(/code at "\[0\]/);
    expect(parsePython('import os').unsupported).toMatch(/import/);
    expect(parsePython('assert (1').unsupported).toBeDefined();
    expect(() => holds('nobody == 1')).toThrow('name nobody');
    expect(() => holds('open(1) == 1')).toThrow('call of open');
    expect(() => holds('1 / 0 == 1')).toThrow('division by zero');
    expect(() => holds("'a' < 'b'")).toThrow('order of strings');
  });
});
