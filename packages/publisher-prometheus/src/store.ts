import { SeriesStore } from "@eventmeter/aggregation";
import type { Reporter } from "@eventmeter/core/publisher";
import type { ResolvedOptions } from "./options.ts";

/** Makes the series of one publisher. */
export function createStore(options: ResolvedOptions, reporter: Reporter): SeriesStore {
  const { labels, bounds, maxLabelSets, exemplars, clock } = options;
  return new SeriesStore({
    labels,
    bounds,
    maxLabelSets,
    exemplars,
    clock,
    onOverflow: (family) =>
      reporter.error(
        "series-overflow",
        `${family} has as many label sets as it may have; further ones are added to one label set _overflow`,
      ),
  });
}
