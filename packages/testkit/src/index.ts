export { canaryRecords } from "./canary-records.ts";
export { conformanceCases } from "./conformance.ts";
export type { ConformanceCase, ConformanceOptions, CreatePublisher } from "./conformance/case.ts";
export { createFaultServer, type FaultScript, type FaultServer } from "./fault-server.ts";
export type { Fault, FaultReply } from "./fault-server-replies.ts";
export { echoOf, type FaultRequest } from "./fault-server-requests.ts";
export {
  decodeVector,
  type EncodedRecord,
  type FormatVector,
  formatVectors,
  type NormaliseVector,
  normaliseVectors,
} from "./golden-vectors.ts";
export { type EchoForm, hostileReplies, type HostileReply, type HostileReplyOptions } from "./hostile-replies.ts";
export type { MalformedOutcome } from "./hostile-values.ts";
export { localhostTls } from "./localhost-tls.ts";
export { type MalformedRecord, malformedRecords } from "./malformed-records.ts";
export { type NextOptions, type RecordedMetrics, RecordingPublisher } from "./recording-publisher.ts";
export { findSecrets } from "./secret-search.ts";
export { createVirtualClock, type VirtualClock } from "./virtual-clock.ts";
