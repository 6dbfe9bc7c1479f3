// Entry point: the composite and its children.
export type { CompositeChild } from "./options.ts";
export { CompositePublisher } from "./publisher.ts";
