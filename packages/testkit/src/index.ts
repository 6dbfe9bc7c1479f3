// Entry point: the conformance suite for publishers, and what else the tests of a publisher or of a program need.
export { canaryRecords } from "./canary-records.ts";
export { conformanceCases } from "./conformance.ts";
export type { ConformanceCase, ConformanceOptions, CreatePublisher } from "./conformance/conformance-options.ts";
export { createFaultServer, type FaultScript, type FaultServer } from "./http/fault-server.ts";
export type { Fault, FaultReply } from "./http/fault-replies.ts";
export { echoOf, type FaultRequest } from "./http/fault-requests.ts";
export {
  decodeVector,
  type EncodedRecord,
  type FormatVector,
  formatVectors,
  type NormaliseVector,
  normaliseVectors,
} from "./golden-vectors.ts";
export { type EchoForm, hostileReplies, type HostileReply, type HostileReplyOptions } from "./http/hostile-replies.ts";
export type { MalformedOutcome } from "./hostile-values.ts";
export { localhostTls } from "./http/localhost-tls.ts";
export { type MalformedRecord, malformedRecords } from "./malformed-records.ts";
export { type NextOptions, type RecordedMetrics, RecordingPublisher } from "./recording-publisher.ts";
export { collectOutput, findLeaks, type PublisherOutput } from "./publisher-output.ts";
export { findSecrets } from "./secret-search.ts";
export { createSeededRandom, type SeededRandom } from "./seeded-random.ts";
export { createVirtualClock, type VirtualClock } from "./virtual-clock.ts";
