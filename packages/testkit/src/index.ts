export {
  type ConformanceCase,
  conformanceCases,
  type ConformanceOptions,
  type CreatePublisher,
} from "./conformance.ts";
export { createFaultServer, type FaultScript, type FaultServer } from "./fault-server.ts";
export type { Fault, FaultReply } from "./fault-server-replies.ts";
export type { FaultRequest } from "./fault-server-requests.ts";
export {
  decodeVector,
  type EncodedRecord,
  type FormatVector,
  formatVectors,
  type NormaliseVector,
  normaliseVectors,
} from "./golden-vectors.ts";
export type { MalformedOutcome } from "./hostile-values.ts";
export { type MalformedRecord, malformedRecords } from "./malformed-records.ts";
export { type NextOptions, type RecordedMetrics, RecordingPublisher } from "./recording-publisher.ts";
export { createVirtualClock, type VirtualClock } from "./virtual-clock.ts";
