/** The published form of scenario files: of paths, for `sluice replay`, and of networks, for `sluice run`. Cold. */
import { z } from 'zod';
import { network } from './network-schema.ts';
import { scenario } from './schema.ts';

/** The JSON Schema of scenario files (draft 2020-12). */
export function scenarioJsonSchema(): unknown {
  return z.toJSONSchema(z.union([scenario, network]), { io: 'input' });
}
