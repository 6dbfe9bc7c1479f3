// A route that publishes everywhere.
import { publishEverywhere } from "../../metrics.mjs";

export const dynamic = "force-dynamic";

export async function GET() {
  return Response.json(await publishEverywhere());
}
