export type { CompositeChild } from "./options.ts";
export { CompositePublisher } from "./publisher.ts";
