// Reads TypeScript as text: comments, strings and imports.

// A string is matched before a comment can start inside it, so `"https://"` stays whole.
const COMMENT_OR_STRING = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;
const IMPORT =
  /(?:^|[\n;])\s*(?:import|export)\s(?:[^"';]*?\sfrom\s*)?["']([^"']+)["']|\b(?:import|require)\(\s*["']([^"']+)["']/g;

/** Replaces the comments of TypeScript text with spaces and keeps its lines. */
export function withoutComments(text: string): string {
  return text.replace(COMMENT_OR_STRING, (match) => (match.startsWith("/") ? match.replace(/[^\n]/g, " ") : match));
}

/** Removes comments and the contents of strings from TypeScript text and keeps its lines. */
export function codeOnly(text: string): string {
  return text.replace(COMMENT_OR_STRING, (match) =>
    match.startsWith("/") ? match.replace(/[^\n]/g, " ") : `""${match.replace(/[^\n]/g, "")}`,
  );
}

/** Returns the names of the modules that TypeScript text imports, re-exports, loads or uses types of. */
export function importsOf(text: string): string[] {
  return [...withoutComments(text).matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? "");
}
