// Publishes everywhere from a test, with all packages compiled to CommonJS.
const { publishEverywhere } = require("./metrics.mjs");

test("publishes everywhere", async () => {
  expect(await publishEverywhere()).toEqual({
    status: "complete",
    problems: [],
    documents: 2,
    series: 2,
    page: true,
    process: true,
  });
}, 60_000);
