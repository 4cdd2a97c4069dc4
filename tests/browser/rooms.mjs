// The rooms only this machine has, and the documentation: they open, fit, and complain of nothing.
import { expectStatus, fits, says, shoot, test, url } from "./harness.mjs";

for (const [path, name, ...patterns] of [
  ["/", "index", /АПИКАССА на одной машине/, /ak_test_demoshop_/],
  ["/shop/webhooks", "webhooks"],
  ["/docs", null, /Idempotency-Key/],
  ["/docs/operator", null, /operator\/partners/],
  ["/legal/personal-data", "legal-personal-data", /персональных данных/i],
]) {
  test(`room ${path}`, {}, async (page) => {
    await page.goto(url + path);
    await says(page, ...patterns);
    await (name ? shoot(page, name) : fits(page, path)); // the references are too long for a picture
  });
}

test("room that is not there", {}, async (page) => {
  expectStatus(page, 404);
  await page.goto(`${url}/c/nobody`);
  await says(page, /не найден/i);
});
