// The same program for Bun, where the official client of Elasticsearch needs its other connection.
import { HttpConnection } from "@elastic/elasticsearch";
import { publishEverywhere } from "./metrics.mjs";

publishEverywhere({ Connection: HttpConnection }).then((result) => console.log(`RESULT ${JSON.stringify(result)}`));
