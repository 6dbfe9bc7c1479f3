// A program that publishes everywhere and prints the result as one line.
import { publishEverywhere } from "./metrics.mjs";

publishEverywhere().then((result) => console.log(`RESULT ${JSON.stringify(result)}`));
