/** The controllers by name that model the path's bandwidth: BBR. Cold. */
import { Bbr3Controller } from './bbr/bbr3.ts';
import { Bbr1Controller } from './bbr1/bbr1.ts';
import type { ControllerEntry } from './controllers.ts';

const BBR1: ControllerEntry = {
  name: 'bbr',
  description: 'BBR version 1 as in Linux: paced by measured bandwidth and least RTT',
  parameters: [],
  create: () => (context) => new Bbr1Controller(context),
};

const BBR3: ControllerEntry = {
  name: 'bbr3',
  description: 'BBR version 3 (draft-ietf-ccwg-bbr): bounded also by what was lost',
  parameters: [],
  create: () => (context) => new Bbr3Controller(context),
};

export const MODEL_BASED_ENTRIES: readonly ControllerEntry[] = [BBR1, BBR3];
