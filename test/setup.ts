// Set-up of every test file: a process warning that no test expects fails the run.
import { setImmediate } from "node:timers/promises";
import { afterAll, afterEach, beforeEach } from "vitest";
import { beginTest, endTest, watchWarnings } from "./warnings.ts";

watchWarnings();
beforeEach(({ task }) => beginTest(task.name));
afterEach(endTest);
// A warning that is on its way reaches the listener before the file ends.
afterAll(() => setImmediate());
