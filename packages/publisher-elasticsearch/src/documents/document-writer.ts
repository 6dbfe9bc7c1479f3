import type { EventFields, NetworkFields } from "@eventmeter/core/publisher";

/** Writes documents, each as one line of JSON without its end. */
export interface Documents {
  readonly event: (fields: EventFields) => void;
  readonly network: (fields: NetworkFields) => void;
}
