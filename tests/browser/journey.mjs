// The whole way, as a buyer goes it: shop → page → bank → receipt → mail → shop.
import { agree, assert, expectStatus, letter, orderOf, payWith, qrShown, qrText, reloadUntil, says, shoot, test, text, watched } from "./harness.mjs";
import { url } from "./harness.mjs";

const BUYER_NAMES = { email: "Электронная почта", consent_personal_data: /обработку/, consent_terms: /Принимаю/ };

for (const js of [false, true]) {
  for (const width of [360, 1280]) {
    const pictures = !js; // the same pages in both; one set of pictures
    test(`journey, JavaScript ${js ? "on" : "off"}, ${width} px`, { js, width }, async (page, buyer) => {
      await page.goto(`${url}/shop`);
      if (pictures && width === 360) await shoot(page, "shop");
      await page.getByRole("button", { name: "Купить: Выписка из ЕГРН" }).click();
      await page.waitForURL("**/c/**");
      await says(page, /3 000,00 ₽/, /ООО «Справка»/, /ИНН 7700000016/, /ООО «Апикасса»/);

      // Nothing is agreed to beforehand.
      for (const consent of ["consent_personal_data", "consent_terms"]) {
        assert.equal(await page.isChecked(`input[name=${consent}]`), false, `${consent} is ticked beforehand`);
      }
      assert.match(await text(page, "#left"), js ? /^Осталось времени: (20:00|19:\d\d)$/ : /^Оплатить до \d\d:\d\d/);
      if (pictures && width === 360) await shoot(page, "checkout");

      // What is wrong is said at the top, leads to its field, and what was typed stays.
      await page.fill("input[name=email]", "ivanova@nowhere");
      await page.fill("input[name=phone]", "8 (916) 123-45-67");
      expectStatus(page, 422);
      await page.click("form#pay button.go");
      const summary = page.locator("[role=alert]");
      await summary.waitFor();
      assert.equal(await summary.getByRole("link").count(), 3);
      assert.equal(await page.inputValue("input[name=email]"), "ivanova@nowhere");
      assert.equal(await page.inputValue("input[name=phone]"), "8 (916) 123-45-67");
      for (const [field, label] of Object.entries(BUYER_NAMES)) {
        await summary.locator(`a[href="#${field}"]`).click();
        const focused = page.locator("*:focus");
        assert.equal(await focused.getAttribute("id"), field, `the summary does not lead to ${field}`);
        assert.equal(await focused.getAttribute("aria-invalid"), "true");
        assert.match(await page.locator(`#${await focused.getAttribute("aria-describedby")}`).innerText(), /\S/);
        assert.equal(await page.getByLabel(label).first().getAttribute("id"), field);
      }
      if (pictures && width === 360) await shoot(page, "checkout-errors");

      // The texts are one step away.
      const terms = await watched();
      await terms.goto(await page.locator("label[for=consent_terms] a").evaluate((link) => link.href));
      await says(terms, /ООО «Апикасса»/);
      if (pictures && width === 360) await shoot(terms, "legal-terms");
      await terms.close();

      await agree(page, buyer);
      await says(page, /Тестовый банк/, /3 000,00 ₽/, /ООО «Справка»/);
      if (pictures && width === 360) await shoot(page, "bank");
      await payWith(page, "success");
      await page.waitForURL("**/c/**/return**");
      await reloadUntil(page, "svg.qr");
      await says(page, /Заказ оплачен/, /3 000,00 ₽/, /ФПД/);
      if (pictures && width === 360) await shoot(page, "paid");

      // The code in the picture is the code of the receipt.
      const paid = await orderOf(page);
      const { qr, fiscal_sign: sign, url: receiptUrl } = paid.receipts[0];
      assert.match(qr, /^t=\d{8}T\d{4}&s=3000\.00&fn=\d{16}&i=\d+&fp=\d+&n=1$/);
      assert.equal(await qrShown(page, "svg.qr"), qr);
      assert.equal(paid.buyer.email.value, buyer);
      assert.equal(paid.buyer.phone.value, "+79161234567");

      // Its own page, and the letter.
      const mail = await watched();
      await mail.goto(receiptUrl);
      await says(mail, /Кассовый чек/, /Приход/, new RegExp(sign));
      assert.equal(await qrShown(mail, "svg.qr"), qr);
      if (pictures && width === 360) await shoot(mail, "receipt");
      const sent = await letter(buyer, new RegExp(sign));
      assert.equal(qrText(Buffer.from(sent.inline[0].png, "base64")), qr);
      await mail.goto(`${url}/local/mailbox`);
      if (pictures && width === 360) await shoot(mail, "mailbox");
      await mail.locator(`a[href="/local/mailbox/${sent.no}"]`).click();
      await says(mail, /чек/i, new RegExp(sign));
      if (pictures && width === 360) await shoot(mail, "mailbox-message");
      await mail.getByRole("link", { name: "Посмотреть письмо" }).click();
      await says(mail, /Заказ оплачен/, /Кассовый чек/, new RegExp(sign), /3 000,00/);
      assert.equal(await qrShown(mail, 'img[src*="inline"]'), qr);
      if (pictures && width === 360) await shoot(mail, "mail-paid");
      await mail.close();

      await page.getByRole("link", { name: "Вернуться в магазин" }).click();
      await page.waitForURL("**/shop/return**");
      await says(page, /Подпись верна/, new RegExp(paid.number), new RegExp(buyer.replaceAll(".", "\\.")));
      if (pictures && width === 360) await shoot(page, "shop-return");
      await page.goto(page.url().replace("3000.00", "1.00"));
      await says(page, /Подпись неверна/);
    });
  }
}
