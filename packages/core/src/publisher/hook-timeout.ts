// Time limit of the hooks of a publisher: its default, and the rule of its option.
import { option, type OptionRule } from "../options/option-rules.ts";
import { MAX_DELAY_MS } from "../time/clock.ts";

/** How long a hook may take unless its publisher says something else, in milliseconds. */
export const HOOK_TIMEOUT_MS = 30_000;

/** Rule of the option `hookTimeoutMs` of a definition. */
export const hookTimeoutRule: OptionRule = option.integer(1, MAX_DELAY_MS);
