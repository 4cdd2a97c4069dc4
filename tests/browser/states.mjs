// What else can become of an order, as its page tells it.
import { advance, agree, api, assert, expectStatus, letter, order, orderOf, payWith, qrShown, reloadUntil, says, shoot, soon, test, url, watched } from "./harness.mjs";

test("declined: the reason, and another try", { js: false }, async (page, buyer) => {
  await page.goto((await order()).checkout_url);
  await agree(page, buyer);
  await payWith(page, "insufficient_funds");
  await page.waitForURL("**/c/**/return**");
  await says(page, /На карте не хватает денег/, /Деньги не списаны/, /Пополните карту или оплатите другой/);
  await shoot(page, "declined");
  await agree(page, buyer);
  await payWith(page, "challenge");
  await page.getByLabel("Код из SMS").fill("000000");
  expectStatus(page, 422);
  await page.getByRole("button", { name: "Подтвердить" }).click();
  await says(page, /Осталось попыток: 2/);
  await shoot(page, "bank-challenge");
  await page.getByLabel("Код из SMS").fill("111111");
  await page.getByRole("button", { name: "Подтвердить" }).click();
  await page.waitForURL("**/c/**/return**");
  await says(page, /Заказ оплачен/);
});

test("the buyer refuses at the bank, and may try again", { js: false, width: 360 }, async (page, buyer) => {
  await page.goto((await order({ buyer: { email: buyer, phone: "+79161234567" } })).checkout_url);
  await says(page, /bu•••@example\.com/, /Это не я/);
  await shoot(page, "checkout-contacts-passed");
  await agree(page, buyer);
  await page.getByRole("button", { name: "Отказаться" }).click();
  await page.waitForURL("**/c/**/return**");
  await says(page, /Вы не завершили оплату/, /Оплатить 3 000,00/);
});

test("the outcome is not known: do not pay again", { js: false }, async (page, buyer) => {
  await page.goto((await order()).checkout_url);
  await agree(page, buyer);
  await payWith(page, "late");
  await page.waitForURL("**/c/**/return**");
  await says(page, /Проверяем оплату/, /Не платите ещё раз/);
  assert.equal(await page.locator("meta[http-equiv=refresh]").getAttribute("content"), "5");
  assert.equal(await page.locator("form:not([action$='/another'])").count(), 0, "nothing to pay again");
  await shoot(page, "checking");
  await advance(181);
  await page.getByRole("heading", { name: "Заказ оплачен" }).waitFor(); // the page asks again by itself
});

test("expired: the page goes back to the shop by itself", { js: false, width: 360 }, async (page) => {
  const { checkout_url: checkout } = await order({ payment_timeout_seconds: 300 });
  await page.goto(checkout);
  const seconds = Number(await page.locator("meta[http-equiv=refresh]").getAttribute("content"));
  assert.ok(seconds > 280 && seconds <= 301, `the page looks again in ${seconds} s`);
  await advance(301);
  await page.reload();
  await says(page, /Время на оплату вышло/, /Деньги не списаны/);
  await shoot(page, "expired");
  await page.waitForURL("**/shop/return**", { timeout: 15_000 });
  await says(page, /Подпись верна/, /expired/);
});

test("a form opened in time and sent too late charges nothing", { js: false }, async (page, buyer) => {
  await page.goto((await order({ payment_timeout_seconds: 300 })).checkout_url);
  await page.fill("input[name=email]", buyer);
  await page.check("input[name=consent_personal_data]");
  await page.check("input[name=consent_terms]");
  await advance(301);
  await page.click("form#pay button.go");
  await says(page, /Время на оплату вышло/);
});

test("cancel: three days, a letter, two steps, the money back", { js: false, width: 360 }, async (page, buyer) => {
  await page.goto(`${url}/shop`);
  await page.getByRole("button", { name: "Купить: Архивная справка" }).click();
  await agree(page, buyer);
  await payWith(page, "success");
  await page.waitForURL("**/c/**/return**");
  const { id } = await orderOf(page);
  await soon("the order is handed over", async () => (await api("GET", `/v1/orders/${id}`)).status === "executing");

  await page.goto(`${url}/local/time`);
  await shoot(page, "time");
  await page.getByRole("button", { name: "+3 дня" }).click();
  await says(page, /переведены на 72 ч/);
  const late = await letter(buyer, /задерживается/);
  await page.goto(`${url}/local/mailbox/${late.no}/html`);
  await shoot(page, "mail-delayed");
  const cancel = await page.getByRole("link", { name: "Отменить заказ и вернуть деньги" }).getAttribute("href");

  const seen = await watched();
  await seen.goto((await api("GET", `/v1/orders/${id}`)).checkout_url);
  await says(seen, /Исполнение задерживается/, /Деньги в безопасности/);
  await shoot(seen, "overdue");
  await seen.getByRole("button", { name: "Отменить заказ и вернуть деньги" }).click();
  await says(seen, /Отменить заказ\?/);
  await seen.getByRole("link", { name: "Не отменять, подожду" }).click();
  await says(seen, /Исполнение задерживается/);
  await seen.close();

  await page.goto(cancel);
  await says(page, /Отменить заказ\?/, /990,00 ₽/, /1–10 рабочих дней/);
  await shoot(page, "cancel");
  await page.getByRole("button", { name: "ОТМЕНИТЬ ЗАКАЗ" }).click();
  await reloadUntil(page, "svg.qr");
  await says(page, /Деньги возвращены/, /990,00 ₽/);
  const refunded = await api("GET", `/v1/orders/${id}`);
  const { qr, fiscal_sign: sign } = refunded.receipts.find((receipt) => receipt.kind === "refund");
  assert.match(qr, /&s=990\.00&.*&n=2$/);
  assert.equal(await qrShown(page, "svg.qr"), qr);
  await shoot(page, "refunded");
  const sent = await letter(buyer, new RegExp(sign));
  await page.goto(`${url}/local/mailbox/${sent.no}/html`);
  await says(page, /Деньги возвращены/, /Возврат прихода/);
  await shoot(page, "mail-refunded");
});

test("late money of an expired order goes back, and the page says so", { js: false }, async (page, buyer) => {
  await page.goto((await order({ payment_timeout_seconds: 300 })).checkout_url);
  await agree(page, buyer);
  await payWith(page, "after_expiry");
  await page.waitForURL("**/c/**/return**");
  const { id, checkout_url: checkout } = await orderOf(page);
  await advance(301);
  await soon("expired", async () => (await api("GET", `/v1/orders/${id}`)).status === "expired");
  await advance(600);
  await soon("refunded", async () => (await api("GET", `/v1/orders/${id}`)).status === "refunded");
  await page.goto(checkout);
  await says(page, /Деньги возвращены/);
});

test("fulfilled: the letter, the page, the result", { js: false }, async (page, buyer) => {
  await page.goto(`${url}/shop`);
  await page.getByRole("button", { name: "Купить: Архивная справка" }).click();
  await agree(page, buyer);
  await payWith(page, "success");
  await page.waitForURL("**/c/**/return**");
  const { id, number, checkout_url: checkout } = await orderOf(page);
  await soon("the order is handed over", async () => (await api("GET", `/v1/orders/${id}`)).status === "executing");

  await page.goto(`${url}/local/executions`);
  await shoot(page, "executor");
  await page.locator("li", { hasText: number }).getByRole("button", { name: "Исполнить" }).click();
  await soon("fulfilled", async () => (await api("GET", `/v1/orders/${id}`)).status === "fulfilled");
  const sent = await letter(buyer, /исполнен/);
  await page.goto(`${url}/local/mailbox/${sent.no}/html`);
  await shoot(page, "mail-fulfilled");

  await page.goto(checkout);
  await says(page, /Заказ исполнен/, /Результат готов/);
  await shoot(page, "fulfilled");
  await page.getByRole("link", { name: "Открыть результат" }).click();
  await says(page, new RegExp(`Заказ ${number} выполнен`));
  await shoot(page, "delivery");
  const result = page.url();
  await soon("the opening is on record", async () =>
    (await api("GET", `/v1/orders/${id}`)).timeline.some((entry) => entry.event === "result.opened"));

  await advance(90 * 24 * 3600);
  expectStatus(page, 410);
  await page.goto(result);
  await says(page, /Срок ссылки истёк/);
  await shoot(page, "delivery-expired");
});

test("a result that is a file is downloaded, a link is opened", { js: false }, async (page, buyer) => {
  const made = await order({ scenario: { execution: "manual" }, buyer: { email: buyer } });
  await page.goto(made.checkout_url);
  await agree(page, buyer);
  await payWith(page, "success");
  await soon("handed over", async () => (await api("GET", `/v1/orders/${made.id}`)).status === "executing");
  const base64 = Buffer.from("<script>alert(1)</script>").toString("base64");
  await api("POST", `/sandbox/executions/${made.id}/fulfil`, {
    result: { kind: "file", name: "Выписка № 7.html", media_type: "text/html", base64 },
  });
  await soon("fulfilled", async () => (await api("GET", `/v1/orders/${made.id}`)).status === "fulfilled");
  await page.goto(made.checkout_url);
  await page.getByRole("link", { name: "Открыть результат" }).click();
  await says(page, /Выписка № 7\.html/, /25 Б/);
  await shoot(page, "delivery-file");
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Скачать" }).click();
  assert.equal((await download).suggestedFilename(), "Выписка № 7.html");
});

test("nothing found, and a forged link", { js: false, width: 360 }, async (page) => {
  expectStatus(page, 404);
  await page.goto(`${(await order()).checkout_url.slice(0, -1)}_`);
  await says(page, /не найден/i);
  await shoot(page, "not-found");
});
