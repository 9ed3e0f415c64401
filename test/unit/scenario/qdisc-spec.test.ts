import { describe, expect, it } from 'vitest';
import { Codel } from '../../../src/qdisc/codel.ts';
import { FqCodel } from '../../../src/qdisc/fq-codel.ts';
import { Red } from '../../../src/qdisc/red.ts';
import { QDISCS } from '../../../src/scenario/qdisc-catalog.ts';
import { parseQdisc } from '../../../src/scenario/qdisc-spec.ts';
import { parseScenario } from '../../../src/scenario/schema.ts';
import { createNetwork } from '../../support/network.ts';
import { environmentOf } from '../../support/queues.ts';

const build = (text: string) => parseQdisc(text)?.create?.(environmentOf(createNetwork()));

describe('the words of a queue discipline', () => {
  it('name the discipline, alone or with parameters and switches in the manner of tc', () => {
    expect(build('codel')).toBeInstanceOf(Codel);
    expect(build('codel target 5ms interval 100 ms ecn')).toBeInstanceOf(Codel);
    expect(build('fq_codel noecn flows 64 quantum 300B')).toBeInstanceOf(FqCodel);
    expect(build('fq-codel')).toBeInstanceOf(FqCodel);
    expect(build('RED min 30 KB max 90KB probability 2 % adaptive nogentle')).toBeInstanceOf(Red);
  });

  it('leave drop-tail to the link, and make drop-head', () => {
    expect(parseQdisc('fifo')?.create).toBeUndefined();
    expect(parseQdisc('fifo drop head')?.create).toBeDefined();
  });

  it('carry a limit of their own, in any unit of a queue', () => {
    expect(parseQdisc('fq_codel limit 1000 packets flows 64')?.limit).toEqual({ packets: 1000 });
    expect(parseQdisc('codel limit 64KiB')?.limit).toEqual({ bytes: 65_536 });
    expect(parseQdisc('codel target 5ms limit 2 bdp')?.limit).toEqual({ bdp: 2 });
    expect(parseQdisc('codel')?.limit).toBeUndefined();
    expect(parseQdisc('fq_codel')?.defaultLimit).toEqual({ packets: 10_240 });
  });

  it('are refused with one line that says what was expected', () => {
    expect(parseQdisc('cake')).toBeUndefined();
    expect(parseQdisc('')).toBeUndefined();
    const mistakes: [string, RegExp][] = [
      ['codel tarket 5ms', /qdisc codel: expected one of target, interval, .*, got "tarket"/],
      ['codel target 5', /target: expected a duration .*, got "5"/],
      ['codel target', /target: expected a duration .*, got ""/],
      ['codel limit', /qdisc codel: limit: expected a queue limit .*, got "nothing"/],
      ['red min 20 packets max 10 packets', /qdisc red: max: expected more than min/],
      ['red max 10 packets', /qdisc red: max: expected a min beside it/],
      ['red min 20 packets max 64 KB', /qdisc red: max: expected more than min, in its unit/],
    ];
    for (const [text, message] of mistakes) expect(() => parseQdisc(text)).toThrow(message);
  });

  it('say in a scenario file where they stand', () => {
    const path = { toClient: { rate: '1 Mbps', qdisc: 'codel foo 1' } };
    expect(() => parseScenario('x.yaml', { path })).toThrow(
      /^x.yaml: path.toClient.qdisc: qdisc codel: expected one of .*, got "foo"$/,
    );
  });

  it('make every discipline of the catalogue from its defaults', () => {
    for (const { name } of QDISCS) {
      expect(parseQdisc(name), name).toBeDefined();
      if (name !== 'fifo') expect(build(name)?.backlogPackets, name).toBe(0);
    }
  });
});
