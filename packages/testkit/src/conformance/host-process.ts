// The process that events reach.
import { runInThisContext } from "node:vm";

/** The process itself. In Jest, both `process` and `node:process` are a copy, and no warning or rejection reaches its listeners. */
export const hostProcess: NodeJS.Process = runInThisContext("process") as NodeJS.Process;
