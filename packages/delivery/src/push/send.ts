// The function that a push publisher sends its batches with.
import type { SendContext } from "../backend-hooks.ts";
import type { Batch } from "../queue/batch.ts";
import type { Outcome } from "./outcome.ts";

/** Sends one batch and returns its outcome; a throw is a retry. */
export type Send = (batch: Batch, context: SendContext) => Outcome | PromiseLike<Outcome>;
