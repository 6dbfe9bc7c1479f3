/** What became of the executions of one event. */
export interface EventTally {
  readonly eventName: string;
  executions: number;
  failed: number;
  retries: number;
  maxMs: number;
  /** Durations of the newest executions, in milliseconds. */
  readonly durationsMs: number[];
}

const NEWEST = 4_096;

/** The demo's own numbers, for people to look at. */
export interface Tally {
  readonly events: ReadonlyMap<string, EventTally>;
  add(eventName: string, durationMs: number, failed: boolean, retries: number): void;
}

/** Makes an empty tally. */
export function createTally(): Tally {
  const events = new Map<string, EventTally>();
  return {
    events,
    add(eventName, durationMs, failed, retries) {
      const event = events.get(eventName) ?? {
        eventName,
        executions: 0,
        failed: 0,
        retries: 0,
        maxMs: 0,
        durationsMs: [],
      };
      events.set(eventName, event);
      event.durationsMs[event.executions % NEWEST] = durationMs;
      event.maxMs = Math.max(event.maxMs, durationMs);
      event.executions += 1;
      event.retries += retries;
      if (failed) event.failed += 1;
    },
  };
}

/** Gives the value below which a part of the values lies; null where there are none. */
export function quantile(values: readonly number[], part: number): number | null {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? null;
}
