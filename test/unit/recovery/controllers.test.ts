import { describe, expect, it } from 'vitest';
import { NetError } from '../../../src/base/errors.ts';
import { VirtualClock } from '../../../src/engine/clock.ts';
import { RandomSource } from '../../../src/engine/random.ts';
import {
  type ControllerEntry,
  ControllerRegistry,
  type ParameterValues,
} from '../../../src/recovery/cc/controllers.ts';

const NAMES = ['reno', 'cubic', 'bbr', 'bbr3', 'dctcp', 'prague', 'vegas', 'ledbat'];

const context = {
  clock: new VirtualClock(),
  random: RandomSource.fromSeed(1),
  smss: 1460,
  initialWindow: 14600,
  granularity: 'bytes',
  isPaced: false,
} as const;

describe('controllers by name', () => {
  it('has all built-in ones, with parameters that say what they are', () => {
    const { entries } = ControllerRegistry.withBuiltIns();
    expect(entries.map(({ name }) => name)).toEqual(NAMES);
    for (const { description, parameters } of entries) {
      expect(description).not.toBe('');
      for (const parameter of parameters) expect(parameter.description).not.toBe('');
    }
  });

  it('makes a controller of its own for every connection', () => {
    const factory = ControllerRegistry.withBuiltIns().factory('reno');
    const [first, second] = [factory(context), factory(context)];
    first.onRetransmissionTimeout(14600);
    expect(first.cwnd).toBe(1460);
    expect(second.cwnd).toBe(14600);
  });

  it('takes a plug-in, gives it checked values and lists it', () => {
    const registry = ControllerRegistry.withBuiltIns();
    const got: ParameterValues[] = [];
    const plugIn: ControllerEntry = {
      name: 'mine',
      description: 'a controller from outside',
      parameters: [
        { name: 'gain', description: 'how eager', default: 1.5, min: 1, max: 3 },
        { name: 'bold', description: 'or not', default: false },
      ],
      create(values) {
        got.push(values);
        return registry.factory('reno');
      },
    };
    registry.add(plugIn);
    expect(registry.entries.map(({ name }) => name)).toContain('mine');
    registry.factory('mine', { bold: true })(context);
    expect(got).toEqual([{ gain: 1.5, bold: true }]);
    expect(() => registry.add(plugIn)).toThrow(NetError);
  });

  it('refuses what it does not know, with what was expected and got', () => {
    const registry = ControllerRegistry.withBuiltIns();
    const refusals: [string, ParameterValues, string][] = [
      ['tahoe', {}, `controller: expected one of ${NAMES.join(', ')}, got "tahoe"`],
      ['reno', { gain: 2 }, 'parameter of reno: expected one of slowStart, abcLimit, '],
      ['cubic', { beta: 1.5 }, 'cubic.beta: expected a number from 0.5 to 0.99, got 1.5'],
      ['cubic', { beta: Number.NaN }, 'cubic.beta: expected a number, got NaN'],
      ['cubic', { abe: 1 }, 'cubic.abe: expected a boolean, got 1'],
      ['cubic', { slowStart: 'fast' }, 'cubic.slowStart: expected one of auto, classic, '],
    ];
    for (const [name, values, message] of refusals) {
      expect(() => registry.factory(name, values)).toThrow(NetError);
      expect(() => registry.factory(name, values)).toThrow(message);
    }
  });
});
