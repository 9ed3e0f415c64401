/**
 * Runs the text of a script and tells how it ended: the one call behind the command and the tests. A script
 * that is not well formed has failed; one that needs what we lack, or is out of scope, is skipped with its
 * reason. Nothing that a script says makes it throw.
 */
import { NetError } from '../base/errors.ts';
import { isMappedIpv4, parseIpAddress } from '../base/ip-address.ts';
import { NS_PER_SECOND } from '../base/units.ts';
import {
  type ScriptAddresses,
  scriptAddresses,
  suiteDefinitions,
  usualMtuBytes,
} from './addresses.ts';
import { findIneligibleUse } from './eligibility.ts';
import { parseScript } from './parse-script.ts';
import type { IpVersion, Script, ScriptOptions } from './script.ts';
import { ScriptError, UnsupportedSyntax } from './script-error.ts';
import { ScriptRun } from './script-run.ts';
import { interpretShell } from './shell.ts';
import { Unsupported } from './stack-under-test.ts';
import { TcpStack } from './tcp-stack.ts';
import { ScriptFailure, type ScriptResult } from './verdict.ts';

export interface RunSettings {
  /** 'rfc' also defines STANDARD, so that a script asks for what the texts say. */
  readonly profile?: 'linux' | 'rfc';
  /** For scripts that do not choose their own. */
  readonly ipVersion?: IpVersion;
  /** Option lines, stronger than a script's own: `--tolerance_usecs=1000`. */
  readonly options?: readonly string[];
  readonly definitions?: ReadonlyMap<string, string>;
  /** A packet that no line asked for fails the script. */
  readonly claimsAll?: boolean;
}

/** Runs one script. `path` is for messages. */
export function runScript(path: string, text: string, settings: RunSettings = {}): ScriptResult {
  let script: Script;
  let addresses: ScriptAddresses;
  try {
    script = readScript(path, text, settings);
    addresses = scriptAddresses(script.options);
  } catch (error) {
    if (error instanceof UnsupportedSyntax) {
      const { line, what } = error;
      return { ...emptyResult(path), verdict: 'skip', line, reason: what };
    }
    if (!(error instanceof NetError)) throw error;
    return { ...emptyResult(path), ...syntaxFailure(error) };
  }
  const base = { ...emptyResult(path), ipVersion: script.options.ipVersion };
  const ineligibleBy = findIneligibleUse(script);
  if (ineligibleBy !== undefined) {
    return { ...base, verdict: 'skip', reason: `uses ${ineligibleBy}`, ineligibleBy };
  }
  const stack = new TcpStack(script.options, addresses, settings.profile ?? 'linux');
  const run = new ScriptRun(script, stack, addresses);
  const outcome = runToEnd(run, settings.claimsAll ?? false);
  return {
    ...base,
    ...outcome,
    atSeconds: stack.nowNs / NS_PER_SECOND,
    unclaimed: run.unclaimed,
    output: run.output,
  };
}

function emptyResult(path: string): ScriptResult {
  return {
    path,
    verdict: 'pass',
    ipVersion: undefined,
    line: undefined,
    expected: undefined,
    actual: undefined,
    reason: undefined,
    atSeconds: 0,
    ineligibleBy: undefined,
    unclaimed: [],
    output: [],
  };
}

function readScript(path: string, text: string, settings: RunSettings): Script {
  const { ipVersion = 'ipv4', options = [], profile } = settings;
  const standard: [string, string][] = profile === 'rfc' ? [['STANDARD', '1']] : [];
  const definitions = new Map([...standard, ...(settings.definitions ?? [])]);
  const parse = (version: IpVersion) =>
    parseScript(path, text, {
      defaults: { ipVersion: version, mtuBytes: usualMtuBytes(version) },
      options,
      definitions,
      defaultDefinitions: suiteDefinitions,
    });
  const script = parse(ipVersion);
  // A script that chooses addresses or routes of one version is about that version.
  const isIpv6 = script.options.ipVersion === 'ipv6';
  if (isIpv6) {
    return hasIpv4Address(script.options) || changesRoute(script, false) ? parse('ipv4') : script;
  }
  return changesRoute(script, true) ? parse('ipv6') : script;
}

function changesRoute({ setUp, events }: Script, isIpv6: boolean): boolean {
  const commands = [...setUp, ...events.map(({ action }) => action)];
  return commands.some(
    (command) =>
      command.kind === 'shell' &&
      interpretShell(command.text).some(
        (effect) => effect.kind === 'route' && effect.isIpv6 === isIpv6,
      ),
  );
}

function hasIpv4Address({ localIp, remoteIp }: ScriptOptions): boolean {
  return [localIp, remoteIp].some((text) => {
    const words = text === undefined ? undefined : parseIpAddress(text);
    return words !== undefined && isMappedIpv4(words);
  });
}

type Outcome = Pick<ScriptResult, 'verdict' | 'line' | 'expected' | 'actual' | 'reason'>;

function syntaxFailure(error: NetError): Outcome {
  const isPlaced = error instanceof ScriptError;
  return {
    verdict: 'fail',
    line: isPlaced ? error.line : undefined,
    expected: isPlaced ? error.expected : undefined,
    actual: isPlaced ? error.got : undefined,
    reason: isPlaced ? 'syntax' : error.message,
  };
}

/** An error of ours: the script has failed, and the others go on. */
function describeBreak(error: unknown): Pick<Outcome, 'expected' | 'actual' | 'reason'> {
  const actual = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { expected: 'a stack that runs on', actual, reason: 'broken stack' };
}

function runToEnd(run: ScriptRun, claimsAll: boolean): Outcome {
  const none = { line: undefined, expected: undefined, actual: undefined, reason: undefined };
  try {
    run.run();
  } catch (error) {
    const line = run.line === 0 ? undefined : run.line;
    if (error instanceof Unsupported) {
      return { ...none, verdict: 'skip', line, reason: error.message };
    }
    const { expected, actual, reason } =
      error instanceof ScriptFailure ? error : describeBreak(error);
    return { verdict: 'fail', line, expected, actual, reason };
  }
  const [first] = run.unclaimed;
  if (!claimsAll || first === undefined) return { ...none, verdict: 'pass' };
  const reason = 'packet that no line asks for';
  return { ...none, verdict: 'fail', expected: 'none', actual: first, reason };
}
