// What holds the process open: sockets, servers, look-ups, child processes and timers.
import process from "node:process";

// Requests to the file system end on their own, and test runners keep ports and immediates of their own in motion.
const PASSING = /^(FSReq|Immediate|MessagePort|CloseReq|RandomBytesRequest|HashRequest|ZlibStream)/;

/** Kinds of things that hold the process open at this moment, with their number. */
export type HeldResources = ReadonlyMap<string, number>;

/** Counts what holds the process open, by kind. */
export function heldResources(): HeldResources {
  const held = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo())
    if (!PASSING.test(kind)) held.set(kind, (held.get(kind) ?? 0) + 1);
  return held;
}

/** Returns a kind of which there is more than before; undefined if there is none. */
export function addedResource(before: HeldResources, after: HeldResources = heldResources()): string | undefined {
  for (const [kind, count] of after) if (count > (before.get(kind) ?? 0)) return kind;
  return undefined;
}
