import { run } from "./harness.mjs";
import "./journey.mjs";
import "./states.mjs";
import "./ways.mjs";
import "./receipts.mjs";
import "./limits.mjs";
import "./rooms.mjs";

process.exit((await run(process.argv.slice(2))) ? 0 : 1);
