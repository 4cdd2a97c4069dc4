// What every buyer is owed whatever their device: a small page, a keyboard, another language, paper.
import {
  accessible, advance, agree, api, assert, expectStatus, fits, letter, order, payWith, reloadUntil, says, shoot, soon, test, text, url,
} from "./harness.mjs";

const PAGE_BYTES_MAX = 10 * 1024;

for (const js of [false, true]) {
  test(`one request, at most 10 kB, JavaScript ${js ? "on" : "off"}`, { js }, async (page) => {
    const { checkout_url: checkout } = await order();
    const requests = [];
    page.on("request", (request) => requests.push(request.url()));
    const answer = await page.goto(checkout, { waitUntil: "networkidle" });
    assert.deepEqual(requests, [checkout]);
    const bytes = (await answer.body()).length;
    assert.ok(bytes <= PAGE_BYTES_MAX, `${bytes} bytes`);
    console.log(`    the checkout page: ${bytes} bytes, ${requests.length} request`);
    const headers = answer.headers();
    assert.match(headers["content-security-policy"], /default-src 'none'; style-src 'sha256-/);
    assert.doesNotMatch(headers["content-security-policy"], /unsafe/);
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.match(headers["cache-control"], /no-store/);
    assert.match(headers["referrer-policy"], /no-referrer|same-origin|strict-origin/);
    assert.equal((await page.context().cookies()).length, 0, "a cookie is set");
  });
}

test("with the keyboard alone", {}, async (page, buyer) => {
  await page.goto((await order()).checkout_url);
  const focus = () =>
    page.evaluate(() => {
      const one = document.activeElement;
      const style = getComputedStyle(one);
      return { id: one.id, name: one.name, button: one.matches("button.go"), seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
    });
  const met = [];
  for (let press = 0; press < 40; press += 1) {
    await page.keyboard.press("Tab");
    const at = await focus();
    if (at.name || at.button) met.push(at.name || "button");
    assert.ok(at.seen, `the focus on ${JSON.stringify(at)} is not to be seen`);
    if (at.name === "email") await page.keyboard.type(buyer);
    if (at.name?.startsWith("consent_")) await page.keyboard.press("Space");
    if (at.button) break;
  }
  assert.deepEqual(met, ["email", "phone", "channel_email", "channel_sms", "method", "consent_personal_data", "consent_terms", "button"]);
  await shoot(page, "keyboard-focus");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/sandbox/bank/pay/**");
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowDown"); // the second card: insufficient funds
  await page.keyboard.press("Enter");
  await page.waitForURL("**/c/**/return**");
  await says(page, /На карте не хватает денег/);
});

test("pressed twice, sent once", {}, async (page, buyer) => {
  await page.goto((await order({ buyer: { email: buyer } })).checkout_url);
  await page.check("input[name=consent_personal_data]");
  await page.check("input[name=consent_terms]");
  let sent = 0;
  page.on("request", (request) => (sent += request.method() === "POST" ? 1 : 0));
  await page.locator("form#pay button.go").dblclick();
  await page.waitForURL("**/sandbox/bank/pay/**");
  assert.equal(sent, 1);
});

test("in English", { js: false, width: 360 }, async (page, buyer) => {
  await page.goto((await order()).checkout_url);
  await page.getByRole("link", { name: "English" }).click();
  assert.equal(await page.getAttribute("html", "lang"), "en");
  await says(page, /Pay .*3,000\.00/, /Payment for order/);
  await shoot(page, "checkout-english");
  await agree(page, buyer);
  assert.equal(await page.getAttribute("html", "lang"), "en");
  await page.click("button[value=pay]");
  await page.waitForURL("**/c/**/return**");
  await says(page, /Order paid/);
});

test("many long lines fit", { js: false, width: 360 }, async (page, buyer) => {
  const lines = Array.from({ length: 12 }, (_, at) => ({
    name: `Выписка из Единого государственного реестра недвижимости об объекте ${"7".repeat(40)} № ${at + 1}`.slice(0, 128),
    price: "123456.78",
    quantity: "2.5",
    vat: "vat22",
  }));
  const made = await order({ lines, description: "Очень-длинное-слово-".repeat(9), number: `Н${"0123456789".repeat(6)}` + Date.now().toString().slice(-3) });
  await page.goto(made.checkout_url);
  assert.match(await text(page), /Оплатить 3 703 703,40 ₽/);
  await shoot(page, "checkout-long");
  await agree(page, buyer);
  await payWith(page, "success");
  await page.waitForURL("**/c/**/return**");
  await reloadUntil(page, "svg.qr");
  await shoot(page, "paid-long");
  await page.getByRole("link", { name: "Открыть чек" }).click();
  await says(page, /НДС 22%/, /3 703 703,40/);
  await fits(page, "receipt-long");
  const sent = await letter(buyer, /Кассовый чек|КАССОВЫЙ ЧЕК/);
  await page.goto(`${url}/local/mailbox/${sent.no}/html`);
  await fits(page, "mail-long");
});

test("accessible to everybody", {}, async (page, buyer) => {
  const made = await order({ scenario: { execution: "manual" } });
  const stands = (status) => soon(status, async () => (await api("GET", `/v1/orders/${made.id}`)).status === status);
  await page.goto(made.checkout_url);
  await accessible(page, "checkout");
  expectStatus(page, 422);
  await page.click("form#pay button.go");
  await page.locator("[role=alert]").waitFor();
  await accessible(page, "checkout with errors");
  await agree(page, buyer);
  await accessible(page, "bank");
  await payWith(page, "insufficient_funds");
  await page.waitForURL("**/c/**/return**");
  await accessible(page, "declined");
  await agree(page, buyer);
  await payWith(page, "success");
  await page.waitForURL("**/c/**/return**");
  await reloadUntil(page, "svg.qr");
  await accessible(page, "paid");
  await page.getByRole("link", { name: "Открыть чек" }).click();
  await accessible(page, "receipt");
  const sent = await letter(buyer, /Кассовый чек|КАССОВЫЙ ЧЕК/);
  await page.goto(`${url}/local/mailbox/${sent.no}`);
  await accessible(page, "message");
  await stands("executing");
  await advance(259_260);
  await stands("overdue");
  await page.goto(made.checkout_url);
  await accessible(page, "overdue");
  await page.getByRole("button", { name: "Отменить заказ и вернуть деньги" }).click();
  await accessible(page, "cancel");
  await page.goto(`${url}/local/executions`);
  await accessible(page, "executor");
  await api("POST", `/sandbox/executions/${made.id}/fulfil`);
  await stands("fulfilled");
  await page.goto(made.checkout_url);
  await accessible(page, "fulfilled");
  await page.getByRole("link", { name: "Открыть результат" }).click();
  await accessible(page, "delivery");
  for (const path of ["/", "/shop", "/local/mailbox", "/local/time", "/docs", "/legal/terms", "/legal/personal-data?lang=en"]) {
    await page.goto(url + path);
    await accessible(page, path);
  }
});

test("on paper", {}, async (page, buyer) => {
  await page.goto((await order({ buyer: { email: buyer } })).checkout_url);
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator("button.go").isVisible(), false, "a button is printed");
  await page.emulateMedia({ media: "screen" });
  await page.goto(`${url}/docs`);
  await says(page, /POST/, /\/v1\/orders/);
});
