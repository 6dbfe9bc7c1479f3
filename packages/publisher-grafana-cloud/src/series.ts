import { SeriesStore } from "@eventmeter/aggregation";
import type { Clock } from "@eventmeter/core";
import type { ResolvedOptions } from "./options.ts";

/** The series of one publisher. */
export interface Series {
  readonly store: SeriesStore;
  /** Gives the families that have come to their bound since the last call. */
  takeOverflows(): readonly string[];
}

/** Makes the series of one publisher. */
export function createSeries({ labels, bounds, maxLabelSets, exemplars }: ResolvedOptions, clock: Clock): Series {
  let overflows: string[] = [];
  const store = new SeriesStore({
    labels,
    bounds,
    maxLabelSets,
    exemplars,
    clock,
    onOverflow: (family) => overflows.push(family),
  });
  return {
    store,
    takeOverflows() {
      const taken = overflows;
      overflows = [];
      return taken;
    },
  };
}
