// Types of the metric modules of prom-client, which has types for its entry point only.
declare module "prom-client/lib/metrics/*" {
  import type { Registry } from "prom-client";

  const add: (registry: Registry) => void;
  export = add;
}
