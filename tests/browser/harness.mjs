// The browser, the tests' frame, and what every page is held to: no error on the console, nothing its policy refuses.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { chromium } from "playwright-core";
import jsQR from "jsqr";
import { PNG } from "pngjs";

export { assert };
export const url = process.env.APIKASSA_URL;
export const demo = JSON.parse(readFileSync(process.env.APIKASSA_DEMO, "utf8"));
const shots = new URL("shots/", import.meta.url).pathname;

/** Milliseconds within which what happens by itself must have happened. */
const PATIENCE = 30_000;
const WIDTHS = [360, 1280];

let context;
const tests = [];

/** A test. `options`: `js` (on unless false), `width`, `touch`. It gets a page of its own and a name for its buyer. */
export function test(name, options, body) {
  tests.push({ name, options, body });
}

/** Runs the tests whose name has one of these words in it; prints; answers whether all passed. */
export async function run(words) {
  rmSync(shots, { recursive: true, force: true });
  mkdirSync(shots, { recursive: true });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
      ...["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars"],
    ],
  });
  let passed = 0;
  const failures = [];
  for (const [at, { name, options, body }] of tests.entries()) {
    if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
    const began = Date.now();
    const width = options.width ?? 1280;
    context = await browser.newContext({
      viewport: { width, height: width < 700 ? 780 : 900 },
      javaScriptEnabled: options.js !== false,
      locale: "ru-RU",
      timezoneId: "Asia/Tokyo", // the pages' zone is Moscow's, whatever the reader's is
      reducedMotion: "reduce",
    });
    context.setDefaultTimeout(PATIENCE);
    const page = await watched();
    try {
      await body(page, `buyer${at}.${Date.now()}@example.com`);
      for (const one of context.pages()) assert.deepEqual(complaints.get(one) ?? [], [], "the browser complains");
      passed += 1;
      console.log(`  ✓ ${name} (${Date.now() - began} ms)`);
    } catch (error) {
      failures.push(name);
      console.log(`  ✗ ${name}\n      at ${page.url()}\n      ${String(error.stack ?? error).replaceAll("\n", "\n      ")}`);
      await page.screenshot({ path: `${shots}failed-${failures.length}.png`, fullPage: true }).catch(() => {});
    }
    await context.close();
  }
  await browser.close();
  console.log(`\nbrowser: ${passed} passed, ${failures.length} failed`);
  for (const name of failures) console.log(`  failed: ${name}`);
  return failures.length === 0 && passed > 0;
}

const complaints = new Map();
const forgiven = new Map();

/** Another page of the same buyer. */
export async function watched() {
  const page = await context.newPage();
  const found = [];
  complaints.set(page, found);
  forgiven.set(page, new Set());
  page.on("console", (message) => {
    const text = message.text();
    const status = /Failed to load resource: the server responded with a status of (\d+)/.exec(text)?.[1];
    if (status && forgiven.get(page).has(Number(status))) return;
    if (["error", "warning"].includes(message.type())) found.push(`${message.type()}: ${text}`);
  });
  page.on("pageerror", (error) => found.push(`uncaught: ${error}`));
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText;
    if (why !== "net::ERR_ABORTED") found.push(`${request.url()}: ${why}`);
  });
  return page;
}

/** The next answers of this status are wanted, and not an error on the console. */
export function expectStatus(page, status) {
  forgiven.get(page).add(status);
}

/** Repeats until it answers something true. */
export async function soon(what, attempt) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const answer = await attempt();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`not within ${PATIENCE} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The page's main text, spaces made plain. */
export async function text(page, selector = "body") {
  return (await page.locator(selector).innerText()).replace(/\s+/g, " ");
}

export async function says(page, ...patterns) {
  const said = await text(page);
  for (const pattern of patterns) assert.match(said, pattern);
}

/** Whether anything of the page lies outside of its width. */
async function overflow(page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return null;
    const out = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > width + 1);
    return `${document.documentElement.scrollWidth} > ${width}: ${out.slice(0, 3).map((one) => one.outerHTML.slice(0, 120)).join(" | ")}`;
  });
}

/** The page must fit into the narrowest screen, which is also a desktop's at 400 %, and into the others. */
export async function fits(page, name) {
  const before = page.viewportSize();
  for (const width of [320, ...WIDTHS]) {
    await page.setViewportSize({ width, height: 780 });
    assert.equal(await overflow(page), null, `${name} does not fit into ${width} px`);
  }
  await page.setViewportSize(before);
}

const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

/** The page is usable by who does not see it well or at all, as far as a program can tell; light and dark. Needs JavaScript. */
export async function accessible(page, name) {
  await page.evaluate(axe); // not held to the page's policy
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    const found = await page.evaluate(async () =>
      // A page with a deadline looks again when it has come; that is its purpose (WCAG 2.2.1, the real-time exception).
      (await globalThis.axe.run(document, { resultTypes: ["violations"], rules: { "meta-refresh": { enabled: false } } })).violations.map(
        ({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map((node) => `${node.html} ${node.any.map((any) => any.message)}`).join(" | ")}`));
    assert.deepEqual(found, [], `${name}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

/** Pictures of a page, narrow and wide, light and dark; and it must fit. */
export async function shoot(page, name) {
  const before = page.viewportSize();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: width < 700 ? 780 : 900 });
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${shots}${name}-${width}-${colorScheme}.png`, fullPage: true, animations: "disabled" });
    }
    await page.emulateMedia({ colorScheme: "light" });
  }
  await page.setViewportSize(before);
  await fits(page, name);
}

/** What a picture's QR code says. */
export function qrText(png) {
  const { data, width, height } = PNG.sync.read(png);
  return jsQR(new Uint8ClampedArray(data), width, height)?.data ?? null;
}

/** What the QR code shown in a page says. */
export async function qrShown(page, selector) {
  return qrText(await page.locator(selector).screenshot({ scale: "css" }));
}

async function ask(token, method, path, body) {
  const answer = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const said = await answer.json();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${JSON.stringify(said)}`);
  return said;
}

/** The API, with the demo shop's key. */
export const api = (method, path, body) => ask(demo.test_key, method, path, body);

/** The API, with the operator's token. */
export const operator = (method, path, body) => ask(demo.operator_token, method, path, body);

let numbers = 0;
/** A new order by the API. */
export async function order(more = {}) {
  numbers += 1;
  const lines = [{ name: "Выписка из ЕГРН", price: "3000.00" }];
  return api("POST", "/v1/orders", { number: `B-${Date.now()}-${numbers}`, lines, ...more });
}

export const advance = (seconds) => api("POST", "/sandbox/clock", { advance_seconds: seconds });

/** The order whose page this is. */
export async function orderOf(page) {
  const id = decodeURIComponent(new URL(page.url()).pathname).split("/")[2].split("~")[0];
  return api("GET", `/v1/orders/${id}`);
}

/** The latest message to somebody that has this in its subject or text. */
export async function letter(to, pattern) {
  return soon(`a letter to ${to} with ${pattern}`, async () => {
    const { messages } = await (await fetch(`${url}/local/mailbox.json?to=${encodeURIComponent(to)}`)).json();
    return messages.findLast((message) => pattern.test(`${message.subject}\n${message.text}`));
  });
}

/** Fills the payment page and goes on to the bank. */
export async function agree(page, buyer) {
  if (await page.locator("input[name=email]").count()) await page.fill("input[name=email]", buyer);
  await page.check("input[name=consent_personal_data]");
  await page.check("input[name=consent_terms]");
  await page.click("form#pay button.go");
  await page.waitForURL("**/sandbox/bank/pay/**");
}

/** Pays at the bank's page. */
export async function payWith(page, card) {
  await page.check(`input[name=card][value=${card}]`);
  await page.click("button[value=pay]");
}

/** Reloads the page until it has this. */
export async function reloadUntil(page, selector) {
  await soon(`${selector} at ${page.url()}`, async () => {
    if (await page.locator(selector).count()) return true;
    await page.reload();
    return false;
  });
}
