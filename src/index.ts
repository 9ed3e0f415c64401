/**
 * The public face of Sluice: reading, analysing and writing captures, replaying them through an emulated path, and
 * running real transports over emulated networks. Everything here runs in Node and in a browser alike; bytes come and go through sources and sinks.
 */
export { analyzeCapture } from './analysis/analyze-capture.ts';
export type {
  AnalyzeResult,
  CaptureSummary,
  InterfaceFacts,
} from './analysis/capture-analysis.ts';
export type { ClientGround, FlowDirectionFacts, FlowFacts } from './analysis/flow-facts.ts';
export { formatAnalysis } from './analysis/format-analysis.ts';
export { NetError } from './base/errors.ts';
export { CidrBlock } from './base/ip-address.ts';
export type {
  CaptureCounters,
  CaptureEnding,
  CaptureFormat,
  CaptureInterface,
  DecryptionSecrets,
} from './pcap/capture-facts.ts';
export { CaptureReader, MAX_RECORD_BYTES } from './pcap/capture-reader.ts';
export { CaptureRows } from './pcap/capture-rows.ts';
export { type ByteSource, CaptureStream } from './pcap/capture-stream.ts';
export { MemorySource } from './pcap/memory-source.ts';
export { PcapWriter } from './pcap/pcap-writer.ts';
export { PcapngWriter } from './pcap/pcapng-writer.ts';
export {
  type ControllerEntry,
  type ControllerParameter,
  ControllerRegistry,
  type ParameterValue,
  type ParameterValues,
} from './recovery/cc/controllers.ts';
export { guardedFactory } from './recovery/cc/guarded-controller.ts';
export type {
  AckSample,
  CongestionContext,
  CongestionController,
  CongestionControllerFactory,
  LossSample,
  RttView,
} from './recovery/congestion.ts';
export { CATALOG } from './scenario/catalog/catalog.ts';
export type { CatalogEntry } from './scenario/catalog/catalog-entry.ts';
export { scenarioJsonSchema } from './scenario/json-schema.ts';
export { type NetworkInput, type NetworkSpec, parseNetwork } from './scenario/network-schema.ts';
export type { Parameter, Parameters, ParameterTexts } from './scenario/parameters.ts';
export {
  type ReplayOutcome,
  type ReplayRequest,
  replayCaptures,
} from './scenario/replay-captures.ts';
export type {
  DropCounts,
  FlowDirectionResult,
  LinkResult,
  QueueSeries,
  ReplayFlowResult,
  ReplayInputResult,
  ReplayResult,
} from './scenario/replay-result.ts';
export type { CaptureFile } from './scenario/replay-run.ts';
export type { RunOutcome, RunSettings } from './scenario/run-catalog.ts';
export type {
  FlowSeries,
  RoundTrips,
  RunFlowResult,
  RunLinkResult,
  RunResult,
  RunSeries,
  UnderLoadResult,
} from './scenario/run-result.ts';
export { type RunRequest, runScenario } from './scenario/run-scenario.ts';
export {
  parseScenario,
  type ScenarioInput,
  type ScenarioSpec,
} from './scenario/schema.ts';
export type { TraceRequest } from './scenario/trace-taps.ts';
export type { CaptureInstant } from './traffic/replay-source.ts';
