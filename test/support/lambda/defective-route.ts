import { existsSync } from "node:fs";
import { handler as route } from "../../../functions/main/route.ts";

/** The route function with a mistake: it throws while the file `DEFECT` exists. */
export const handler: typeof route = async (event, context) => {
  if (existsSync(process.env["DEFECT"] ?? "")) throw new Error("a mistake in the code");
  return route(event, context);
};
