/** What is wrong, whose fault it is, and what a person can do about it. Never holds a secret, a label value or a server's text. */
export interface Fault {
  /** What becomes of the request: sent again, kept back until it is put right, given up, or sent in halves. */
  readonly kind: "retry" | "hold" | "rejected" | "too-large";
  /** Documented code, in kebab-case. */
  readonly code: string;
  /** What happened. */
  readonly message: string;
  /** What to do. */
  readonly hint?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** Whether an endpoint that was found some time ago may have moved. */
  readonly stale?: boolean | undefined;
  /** Whether fewer series in one request could help. */
  readonly busy?: boolean | undefined;
}

/** Gives a fault as one line: what happened, and what to do. */
export function sentenceOf({ message, hint }: Pick<Fault, "message" | "hint">): string {
  return hint === undefined ? message : `${message}; ${hint}`;
}

/** Gives a fault as one clause, behind which it says what becomes of the series: what to do is in brackets. */
export function clauseOf({ message, hint }: Pick<Fault, "message" | "hint">): string {
  if (hint === undefined) return message;
  return message.endsWith(")") ? `${message.slice(0, -1)}: ${hint})` : `${message} (${hint})`;
}
