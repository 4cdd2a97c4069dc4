// Every kind of receipt on its page and in its letter: looked at, and its code read as a phone reads it.
import {
  accessible, agree, api, assert, fits, letter, operator, order, payWith, qrShown, qrText, says, shoot, soon, test, text,
} from "./harness.mjs";

/** Tag 1054 as the code names it. */
const NO = { sale: 1, refund: 2 };
const CODE = "010460193600546421SERIAL0000013\u001d91EE05\u001d92dGVzdA==";
const GOODS = [
  { name: "Ботинки зимние мужские, 43", price: "610.00", quantity: "2", subject: "goods", vat: "vat22" },
  { name: "Детская книга", price: "110.00", subject: "goods", vat: "vat10" },
];

/** The order's receipts once there are as many and all are printed. */
function printed(id, many) {
  return soon(`${many} receipts of ${id}`, async () => {
    const { receipts } = await api("GET", `/v1/orders/${id}`);
    return receipts.length === many && receipts.every((receipt) => receipt.qr) ? receipts : null;
  });
}

/** An order that was paid at the sandbox's bank. */
async function paid(page, buyer, more) {
  const made = await order({ lines: GOODS, buyer: { email: buyer }, scenario: { execution: "manual" }, ...more });
  await page.goto(made.checkout_url);
  await agree(page, buyer);
  await payWith(page, "success");
  await page.waitForURL("**/c/**/return**");
  return made.id;
}

async function fulfilled(id) {
  await soon("handed over", async () => (await api("GET", `/v1/orders/${id}`)).status === "executing");
  await api("POST", `/sandbox/executions/${id}/fulfil`);
}

/** What stands beside a label of the slip. */
async function beside(page, label) {
  const row = page.locator(".slip dl:not(.sub) div", { has: page.locator("dt", { hasText: new RegExp(`^${label}$`) }) });
  return (await row.locator("dd").innerText()).replace(/\s/g, " ");
}

/** The page and the letter of a receipt: what they say, and that the code drawn in both is made of what the page says. */
async function seen(page, buyer, receipt, name, ...patterns) {
  await page.goto(receipt.url);
  await says(page, receipt.kind === "sale" ? /Приход/ : /Возврат прихода/, ...patterns);
  const [, day, month, year, hour, minute] = /^(\d\d)\.(\d\d)\.(\d{4}) (\d\d):(\d\d)$/.exec(await beside(page, "Дата и время"));
  const total = (await beside(page, "ИТОГ")).replaceAll(" ", "").replace(",", ".");
  const [drive, document, sign] = [await beside(page, "ФН"), await beside(page, "ФД"), await beside(page, "ФПД")];
  const code = `t=${year}${month}${day}T${hour}${minute}&s=${total}&fn=${drive}&i=${document}&fp=${sign}&n=${NO[receipt.kind]}`;
  assert.equal(await qrShown(page, "svg.qr"), code);
  assert.equal(receipt.qr, code);
  assert.equal(total, receipt.total);
  await shoot(page, `receipt-${name}`);
  await accessible(page, `receipt ${name}`);
  const sent = await letter(buyer, new RegExp(sign));
  const picture = sent.inline.find((one) => one.content_id === "receipt-qr") ?? sent.inline[0];
  assert.equal(qrText(Buffer.from(picture.png, "base64")), code);
  await page.goto(new URL(`/local/mailbox/${sent.no}/html`, receipt.url).href);
  await says(page, ...patterns);
  assert.equal(await qrShown(page, 'img[src*="receipt-qr"], img[src*="inline"]'), code);
  await shoot(page, `mail-receipt-${name}`);
  return sent;
}

test("receipts: a prepayment, its closing and a part back", {}, async (page, buyer) => {
  const id = await paid(page, buyer, { receipts: "prepayment" });
  const [before] = await printed(id, 1);
  assert.deepEqual([before.kind, before.stage, before.settlement], ["sale", "prepayment", 1]);
  await seen(page, buyer, before, "prepayment", /ПРЕДОПЛАТА 100%/, /НДС 22\/122/, /БЕЗНАЛИЧНЫМИ 1 330,00/, /придёт второй чек/);
  await fulfilled(id);
  const [, closing] = await printed(id, 2);
  assert.deepEqual([closing.kind, closing.stage, closing.settlement], ["sale", "closing", 4]);
  await seen(
    page, buyer, closing, "closing",
    /ПОЛНЫЙ РАСЧЕТ/, /НДС 22%/, /ПРЕДВАРИТЕЛЬНАЯ ОПЛАТА \(АВАНС\) 1 330,00/, /деньги второй раз не списаны/,
  );
  assert.doesNotMatch(await text(page), /БЕЗНАЛИЧНЫМИ|ПРЕДОПЛАТА 100%/);
  await api("POST", `/v1/orders/${id}/cancel`, { lines: [{ line: 1, quantity: "1" }] });
  const [, , back] = await printed(id, 3);
  await seen(page, buyer, back, "part-back", /ПОЛНЫЙ РАСЧЕТ/, /1 шт\. × 610,00/, /ИТОГ 610,00/, /БЕЗНАЛИЧНЫМИ 610,00/);
});

test("receipts: an advance that goes back before the hand-over", {}, async (page, buyer) => {
  const id = await paid(page, buyer, { receipts: "advance" });
  const [advance] = await printed(id, 1);
  await seen(page, buyer, advance, "advance", /Аванс по заказу/, /ПЛАТЕЖ/, /АВАНС/, /БЕЗНАЛИЧНЫМИ 1 330,00/);
  await api("POST", `/v1/orders/${id}/cancel`, {});
  const [, back] = await printed(id, 2);
  assert.equal(back.kind, "refund");
  await seen(page, buyer, back, "advance-back", /АВАНС/, /ИТОГ 1 330,00/);
});

test("receipts: a wrong one, what undoes it and what is right", {}, async (page, buyer) => {
  const id = await paid(page, buyer, { scenario: { execution: "manual", receipt: "other_rate" } });
  const [wrong] = await printed(id, 1);
  assert.match(wrong.differs, /1199/);
  await operator("POST", `/v1/operator/orders/${id}/receipts/1/correct`);
  const [, undoing, right] = await printed(id, 3);
  assert.deepEqual([undoing.kind, undoing.corrects, right.kind, right.corrects], ["refund", 1, "sale", 1]);
  const basis = [/Кассовый чек коррекции/, /самостоятельно/, new RegExp(wrong.fiscal_sign)];
  const letters = [
    await seen(page, buyer, undoing, "undoing", ...basis, /Этот чек отменяет его, верный чек придёт отдельно/),
    await seen(page, buyer, right, "right", ...basis, /Этот чек верный/, /НДС 22%/),
  ];
  assert.notEqual(letters[0].no, letters[1].no);
});

test("receipts: cash, marked goods and the partner's logo", {}, async (page, buyer) => {
  const { agent_sign: theirs, registers: connected, ...settings } = await api("GET", "/v1/partner/receipts");
  assert.ok(theirs && connected, "the sign of the contract and the registers are told, and not the shop's to set");
  const bars = [40, 90, 150, 230, 280, 420, 500, 640].map((x) => `<rect x="${x}" y="20" width="36" height="60" fill="#1a56db"/>`);
  const drawn = `<svg xmlns="http://www.w3.org/2000/svg" width="1400" height="100" viewBox="0 0 1400 100">${bars.join("")}</svg>`;
  const logo = `data:image/svg+xml;base64,${Buffer.from(drawn).toString("base64")}`;
  const points = [{ id: "pvz-7", kind: "pickup", name: "ПВЗ на Тверской", place: "Москва, Тверская ул., д. 7, строение 1, пункт выдачи заказов № 7" }];
  await api("PUT", "/v1/partner/receipts", { ...settings, logo, points });
  try {
    const [boots, book] = GOODS;
    const lines = [{ ...boots, quantity: "1", subject: "goods_marked", mark: CODE }, book];
    const made = await order({ lines, buyer: { email: buyer }, channels: ["email"], scenario: { execution: "manual" } });
    const cashier = { name: "Петрова А. И.", inn: "500100732259" };
    await api("POST", `/v1/orders/${made.id}/collect`, { method: "cash", reference: `PKO-${Date.now()}`, point: "pvz-7", cashier });
    const [receipt] = await printed(made.id, 1);
    await seen(
      page, buyer, receipt, "cash-marked",
      /НАЛИЧНЫМИ 720,00/, /\[М\] Ботинки/, /Кассир Петрова А\. И\./, /Москва, Тверская ул\./,
    );
    assert.doesNotMatch(await text(page), /БЕЗНАЛИЧНЫМИ/);
    await page.goto(receipt.url);
    const { width, height } = await page.locator(".slip img").boundingBox();
    assert.ok(width <= 180 && height <= 56 && width / height > 13, `the logo is ${width} × ${height}`);
    await fits(page, "a wide logo");
  } finally {
    await api("PUT", "/v1/partner/receipts", settings);
  }
});
