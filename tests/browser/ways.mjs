// What can be paid by: the СБП on a desktop and on a telephone, saved cards, means left for later; and what a decline leads to.
import { accessible, agree, api, assert, expectStatus, letter, order, orderOf, payWith, qrShown, reloadUntil, says, shoot, soon, test, text, watched } from "./harness.mjs";

/** CRC-16/CCITT-FALSE, as the links of the СБП are held to it. */
function crc(link) {
  let value = 0xffff;
  for (const byte of Buffer.from(link)) {
    value ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) value = value & 0x8000 ? ((value << 1) ^ 0x1021) & 0xffff : (value << 1) & 0xffff;
  }
  return value.toString(16).toUpperCase().padStart(4, "0");
}

/** Fills the payment page and presses the button, by this way. */
async function press(page, buyer, { method, means } = {}) {
  if (await page.locator("input[name=email]").count()) await page.fill("input[name=email]", buyer);
  if (means !== undefined) await page.check(`input[name=means][value="${means}"]`);
  if (method) await page.check(`input[name=method][value=${method}]`);
  await page.check("input[name=consent_personal_data]");
  await page.check("input[name=consent_terms]");
  await page.click("form#pay button.go");
}

/** Opens the page of the buyer's own bank, which the sandbox has instead of a telephone, and pays there. */
async function payInTheApp(page, card) {
  const bank = await watched();
  await bank.goto(await page.locator(".try a").evaluate((link) => link.href));
  await says(bank, /3 000,00 ₽/);
  await payWith(bank, card);
  await bank.waitForURL("**/c/**");
  return bank;
}

test("СБП on a desktop: the code is the link, and the page sees the payment by itself", { js: false }, async (page, buyer) => {
  await page.goto((await order()).checkout_url);
  assert.equal(await page.isChecked("input[name=method][value=card]"), true, "the card is chosen beforehand");
  await shoot(page, "checkout-ways");
  await press(page, buyer, { method: "sbp" });
  await page.locator("svg.qr").waitFor();
  await says(page, /Оплата через СБП/, /3 000,00 ₽/, /Осталось времени: (20:00|19:\d\d)/);
  const link = await qrShown(page, "svg.qr");
  assert.match(link, /^https:\/\/qr\.nspk\.ru\/AD[A-Z0-9]{30}\?type=02&bank=\d{12}&sum=300000&cur=RUB&crc=[0-9A-F]{4}$/);
  const [body, sum] = link.split("&crc=");
  assert.equal(sum, crc(body));
  assert.equal(await page.locator(".scan a").getAttribute("href"), link);
  assert.equal(await page.locator(".tap").isVisible(), false, "nobody taps on a desktop");
  assert.match(await page.locator("meta[http-equiv=refresh]").getAttribute("content"), /^5;url=\/c\/.*\/return$/);
  assert.equal(await page.locator("form:not([action$='/another'])").count(), 0, "nothing to pay but the code");
  await shoot(page, "sbp");
  const bank = await payInTheApp(page, "success");
  await bank.close();
  await page.getByRole("heading", { name: "Заказ оплачен" }).waitFor(); // it has asked by itself
  await reloadUntil(page, ".rec svg.qr");
  assert.equal((await orderOf(page)).status === "expired", false);
});

test("СБП at 360 px: the bank's app is one tap away, and the code out of the way", { js: false, width: 360 }, async (page, buyer) => {
  await page.goto((await order()).checkout_url);
  await press(page, buyer, { method: "sbp" });
  const tap = page.locator(".tap a.go");
  await tap.waitFor();
  assert.match(await tap.getAttribute("href"), /^https:\/\/qr\.nspk\.ru\/AD[A-Z0-9]{30}\?type=02&/);
  assert.equal(await page.locator("svg.qr").isVisible(), false);
  const { y, height } = await tap.boundingBox();
  assert.ok(height >= 44 && y + height < 780, `the button is ${height} px high at ${y}`);
  await page.getByText("Оплатить другим способом").click();
  await says(page, /Вы не завершили оплату \(СБП\)/, /Деньги не списаны/, /другие способы оплаты/);
});

test("declined through the СБП: the reason in words, and a card pays", { js: false }, async (page, buyer) => {
  await page.goto((await order()).checkout_url);
  await press(page, buyer, { method: "sbp" });
  await page.locator("svg.qr").waitFor();
  const bank = await payInTheApp(page, "insufficient_funds");
  await bank.close();
  await page.getByRole("heading", { name: "На счёте не хватает денег (СБП)" }).waitFor();
  await says(page, /Деньги не списаны/, /Ниже есть и другие способы оплаты/);
  await shoot(page, "declined-sbp");
  await press(page, buyer, { method: "card" });
  await page.waitForURL("**/sandbox/bank/pay/**");
  await payWith(page, "success");
  await page.waitForURL("**/c/**/return**");
  await says(page, /Заказ оплачен/);
});

/** Pays with a card and lets it be kept. */
async function keepCard(page, buyer, customer) {
  await page.goto((await order({ customer })).checkout_url);
  assert.equal(await page.isChecked("input[name=consent_means]"), false, "the box is ticked beforehand");
  await page.check("input[name=consent_means]");
  await agree(page, buyer);
  await payWith(page, "success");
  await page.waitForURL("**/c/**/return**");
  await soon("the card is kept", async () => (await api("GET", `/v1/customers/${customer}/means`)).means?.length === 1);
}

test("a saved card pays the next order without the bank's page", { js: false }, async (page, buyer) => {
  const customer = `b${Date.now()}`;
  await keepCard(page, buyer, customer);
  await page.goto((await order({ customer, buyer: { email: buyer } })).checkout_url);
  const saved = page.getByRole("radio", { name: /Мир •• 0001/ });
  assert.equal(await saved.isChecked(), true);
  assert.equal(await page.locator(".ways").isVisible(), false, "the other ways wait behind “another way”");
  await shoot(page, "checkout-saved");
  await page.getByRole("radio", { name: "Другой способ" }).check();
  assert.equal(await page.locator(".ways").isVisible(), true);
  await shoot(page, "checkout-saved-other");
  await saved.check();
  await press(page, buyer);
  await page.waitForURL("**/c/**");
  await reloadUntil(page, ".badge.ok");
  await says(page, /Заказ (оплачен|исполнен)/);
});

test("«Мои карты»: switched off, a card is offered no more; deleted, it is gone", { js: false, width: 360 }, async (page, buyer) => {
  const customer = `w${Date.now()}`;
  await keepCard(page, buyer, customer);
  const { url } = await api("POST", `/v1/customers/${customer}/wallet-link`, {});
  await page.goto(url);
  await says(page, /Мои карты/, /Мир •• 0001/, /Можно списывать/);
  await shoot(page, "wallet");
  await page.getByRole("button", { name: /^Отключить/ }).click();
  await says(page, /Отключена: списаний не будет/);
  const next = await watched();
  await next.goto((await order({ customer })).checkout_url);
  assert.doesNotMatch(await text(next), /•• 0001/);
  await next.close();
  await page.getByText(/^Удалить/).first().click();
  await page.getByRole("button", { name: /^Да, удалить/ }).click();
  await says(page, /Сохранённых карт нет/);
});

test("an order to be charged later: the consent is a must, and the buyer may stop it", { js: false, width: 360 }, async (page, buyer) => {
  const customer = `c${Date.now()}`;
  const made = await order({ customer, payment: { purpose: "order" }, buyer: { email: buyer } });
  await page.goto(made.checkout_url);
  await says(page, /Сейчас ничего не спишем/, /отпустит 1,00 ₽/);
  expectStatus(page, 422);
  await press(page, buyer);
  const summary = page.locator("[role=alert]");
  await summary.locator('a[href="#consent_means"]').click();
  assert.equal(await page.locator("*:focus").getAttribute("id"), "consent_means");
  await shoot(page, "checkout-order-errors");
  await page.check("input[name=consent_means]");
  await agree(page, buyer);
  await payWith(page, "success");
  await page.waitForURL("**/c/**/return**");
  await says(page, /Заказ оформлен/, /Деньги пока не списаны/, /Мир •• 0001/);
  await shoot(page, "ordered");
  await page.goto(made.checkout_url); // the page after the payment goes back to the shop by itself
  await page.getByRole("link", { name: "Отменить заказ, деньги не списывать" }).click();
  await says(page, /Не спишем/);
  await page.getByRole("button", { name: "ОТМЕНИТЬ ЗАКАЗ" }).click();
  await says(page, /Заказ отменён/, /Деньги не списаны/);
});

test("held money is called held, and let go it is not called a refund", { js: false }, async (page, buyer) => {
  const made = await order({ payment: { stages: 2 }, scenario: { execution: "manual" } });
  await page.goto(made.checkout_url);
  await says(page, /Деньги удержим на карте/);
  await agree(page, buyer);
  await payWith(page, "success");
  await page.waitForURL("**/c/**/return**");
  await says(page, /Деньги удержаны/, /ничего не списал/, /Не дольше чем до/);
  await shoot(page, "held");
  const held = await letter(buyer, /Деньги удержаны/);
  assert.match(held.text, /ничего не списал/);
  await api("POST", `/v1/orders/${made.id}/cancel`, {});
  await page.goto(made.checkout_url);
  await reloadUntil(page, "dt:has-text('Снято')");
  await says(page, /Удержание снято/, /Деньги не списаны/);
  await shoot(page, "released");
  await letter(buyer, /Удержание снято/);
});

test("accessible, too: every way, the СБП, saved cards, what is held and what is for later", {}, async (page, buyer) => {
  const customer = `a${Date.now()}`;
  await keepCard(page, buyer, customer);
  await page.goto((await order({ customer })).checkout_url);
  await accessible(page, "checkout with a saved card");
  await page.getByRole("radio", { name: "Другой способ" }).check();
  await accessible(page, "checkout, another way");
  await press(page, buyer, { method: "sbp" });
  await page.locator("svg.qr").waitFor();
  await accessible(page, "sbp");
  await page.setViewportSize({ width: 360, height: 780 });
  await accessible(page, "sbp on a telephone");
  await page.goto((await order({ payment: { stages: 2 }, scenario: { execution: "manual" } })).checkout_url);
  await agree(page, buyer);
  await payWith(page, "success");
  await page.waitForURL("**/c/**/return**");
  await accessible(page, "held");
  await page.goto((await order({ customer, payment: { purpose: "order" } })).checkout_url);
  expectStatus(page, 422);
  await press(page, buyer, { means: "" });
  await page.locator("[role=alert]").waitFor();
  await accessible(page, "the consent to save is missing");
});
