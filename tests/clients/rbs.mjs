// A public client of Sberbank's gateway (npm `sberbank-acquiring`) drives the double of the RBS gateway.
//
// DOUBLE       address of the double for the partner, http://127.0.0.1:3000/sandbox/rbs/demoshop
// CREDENTIALS  JSON object of the partner's credentials
// RECEIVER     host:port to listen on; every order asks for its callbacks there (dynamicCallbackUrl)
// PAY          what the addresses of the buyer's page begin with, http://127.0.0.1:3000/sandbox/deal/demoshop
//
// The library has no names for two stages, so they go through its own POST, buildData and parse. It verifies no checksums
// ("under development"), so they are computed here by the rule the gateway's document publishes.

import assert from 'node:assert/strict'
import { createHmac, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import Acquiring from 'sberbank-acquiring'

const { DOUBLE, RECEIVER, PAY } = process.env
const credentials = JSON.parse(process.env.CREDENTIALS)
const [host, port] = RECEIVER.split(/:(?=\d+$)/)
const run = randomUUID().slice(0, 8)

const heard = []
const receiver = createServer((request, response) => {
  heard.push({ method: request.method, url: new URL(request.url, `http://${RECEIVER}`) })
  response.end()
})
await new Promise((resolve) => receiver.listen(Number(port), host, resolve))

let failed = false
async function check(name, what) {
  try {
    await what()
    console.log(`ok  ${name}`)
  } catch (error) {
    failed = true
    console.error(`NOT ${name}: ${error.message}`)
  }
}

const shop = new Acquiring({ userName: credentials.user, password: credentials.password }, 'https://shop.example/back/{order}')
shop.entry = `${DOUBLE}/payment/rest/`

const call = async (method, data) => shop.parse(await shop.POST(method, shop.buildData(data)))
const dynamicCallbackUrl = `http://${RECEIVER}/callback?shop=1`
const refused = (promise, code) =>
  assert.rejects(promise, (error) => (assert.equal(String(error.sberErrorCode), code), true))

/** Goes to the payment page as a buyer's browser would, and sends its form. Where it is sent next. */
async function atPage(formUrl, form) {
  const there = await fetch(formUrl, { redirect: 'manual' })
  const page = new URL(there.headers.get('location'), formUrl).href
  assert.ok(page.startsWith(`${PAY}/`), page)
  const answer = await fetch(page, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })
  assert.equal(answer.status, 303, `the page answered ${answer.status}`)
  return answer.headers.get('location')
}

/** The next callback, its checksum held to the published rule. */
function callback() {
  const { method, url } = heard.shift() ?? assert.fail('no callback')
  assert.equal(method, 'GET')
  // What stood in our own address before was not the gateway's to sign.
  const fields = [...url.searchParams].filter(([name]) => name !== 'shop')
  const signed = fields
    .filter(([name]) => name !== 'checksum' && name !== 'sign_alias')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name};${value};`)
    .join('')
  const checksum = createHmac('sha256', credentials.callback_key).update(signed).digest('hex').toUpperCase()
  assert.equal(url.searchParams.get('checksum'), checksum, 'the checksum')
  return Object.fromEntries(fields)
}

await check('an order is registered', async () => {
  const { orderId, formUrl } = await shop.register(`a-${run}`, 3000, 'Выписка ЕГРН', { dynamicCallbackUrl, currency: 643 })
  assert.match(orderId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  assert.ok(formUrl.endsWith(`?mdOrder=${orderId}`), formUrl)
  assert.equal(await shop.status(orderId), 0)
  assert.equal(await shop.status(null, `a-${run}`), 0)
})

await check('an order that is not there is null to the library', async () => {
  assert.equal(await shop.status(randomUUID()), null)
  assert.equal(await shop.status(null, `none-${run}`), null)
})

await check('a number is registered once', () => refused(shop.register(`a-${run}`, 3000, 'again'), '1'))

await check('a wrong password is refused', async () => {
  const other = new Acquiring({ userName: credentials.user, password: 'wrong' }, 'https://shop.example/')
  other.entry = shop.entry
  await refused(other.get(null, `a-${run}`), '5')
})

await check('a paid order is told and shown', async () => {
  const { orderId } = await shop.get(null, `a-${run}`).then((order) => ({ orderId: order.attributes[0].value }))
  const back = await atPage(`${DOUBLE}/payment/merchants/x/payment_ru.html?mdOrder=${orderId}`, { card: 'success' })
  assert.ok(back.startsWith(`https://shop.example/back/a-${run}?orderId=${orderId}`), back)
  const { mdOrder, orderNumber, operation, status } = callback()
  assert.deepEqual([mdOrder, orderNumber, operation, status], [orderId, `a-${run}`, 'deposited', '1'])
  const order = await shop.get(orderId)
  assert.equal(order.orderStatus, 2)
  assert.equal(order.actionCode, 0)
  assert.equal(order.amount, 300_000)
  assert.equal(order.currency, '643')
  assert.match(order.cardAuthInfo.maskedPan, /^220220\*\*\d{4}$/)
  assert.deepEqual(order.paymentAmountInfo, {
    approvedAmount: 300_000, depositedAmount: 300_000, paymentState: 'DEPOSITED', refundedAmount: 0,
  })
})

await check('a part goes back, then the rest', async () => {
  const order = await shop.get(null, `a-${run}`)
  const orderId = order.attributes[0].value
  assert.equal((await shop.refund(orderId, 1000)).errorCode, '0')
  let { operation, operationRefundedAmount } = callback()
  assert.deepEqual([operation, operationRefundedAmount], ['refunded', '100000'])
  let { orderStatus, paymentAmountInfo: amounts } = await shop.get(orderId)
  assert.deepEqual([orderStatus, amounts.depositedAmount, amounts.refundedAmount], [4, 200_000, 100_000])
  await refused(shop.refund(orderId, 2001), '7')
  await shop.refund(orderId, 0)
  callback();
  ({ orderStatus, paymentAmountInfo: amounts } = await shop.get(orderId))
  assert.deepEqual([orderStatus, amounts.depositedAmount, amounts.refundedAmount], [4, 0, 300_000])
  await refused(shop.refund(orderId, 1), '7')
})

const twoStages = async (number, more = {}) => {
  const data = { orderNumber: number, amount: 300_000, returnUrl: 'https://shop.example/', dynamicCallbackUrl, ...more }
  const { orderId, formUrl } = await call('registerPreAuth.do', data)
  await atPage(formUrl, { card: 'success' })
  assert.equal(callback().operation, 'approved')
  assert.equal(await shop.status(orderId), 1)
  return orderId
}

await check('a hold is captured in part', async () => {
  const orderId = await twoStages(`b-${run}`)
  await call('deposit.do', { orderId, amount: 200_000 })
  assert.equal(callback().operation, 'deposited')
  const { orderStatus, paymentAmountInfo: amounts } = await shop.get(orderId)
  assert.deepEqual([orderStatus, amounts.approvedAmount, amounts.depositedAmount], [2, 300_000, 200_000])
  await refused(call('deposit.do', { orderId, amount: 100_000 }), '7')
})

await check('a hold is let go', async () => {
  const orderId = await twoStages(`c-${run}`)
  await call('reverse.do', { orderId })
  assert.equal(callback().operation, 'reversed')
  assert.equal(await shop.status(orderId), 3)
  await refused(call('reverse.do', { orderId }), '7')
})

await check('an order nobody paid is cancelled', async () => {
  const { orderId } = await shop.register(`d-${run}`, 100, '', { dynamicCallbackUrl })
  await call('decline.do', { orderId })
  const { operation, status } = callback()
  assert.deepEqual([operation, status], ['deposited', '0'])
  assert.equal(await shop.status(orderId), 6)
})

await check('a declined card has its code', async () => {
  const { orderId, formUrl } = await shop.register(`e-${run}`, 100, '', { dynamicCallbackUrl })
  await atPage(formUrl, { card: 'insufficient_funds' })
  assert.equal(callback().status, '0')
  const { orderStatus, actionCode } = await shop.get(orderId)
  assert.deepEqual([orderStatus, actionCode], [6, 116])
})

await check('a card is saved, charged and forgotten', async () => {
  const clientId = `buyer-${run}`
  const saving = { dynamicCallbackUrl, clientId, features: 'FORCE_CREATE_BINDING' }
  const { orderId, formUrl } = await shop.register(`f-${run}`, 100, '', saving)
  await atPage(formUrl, { card: 'success' })
  assert.deepEqual([callback().operation, callback().operation].sort(), ['bindingCreated', 'deposited'])
  const { bindingInfo } = await shop.get(orderId)
  assert.equal(bindingInfo.clientId, clientId)
  const { bindings } = await shop.getBindings(clientId)
  assert.deepEqual(bindings.map(({ bindingId }) => bindingId), [bindingInfo.bindingId])
  const { bindingId } = bindingInfo
  const charged = await shop.register(`g-${run}`, 50, '', { dynamicCallbackUrl, clientId, bindingId })
  await shop.paymentOrderBinding(charged.orderId, bindingId, '192.0.2.1')
  assert.equal(callback().operation, 'deposited')
  assert.equal(await shop.status(charged.orderId), 2)
  assert.equal((await shop.unBindCard(bindingId)).errorCode, '0')
  const { operation, enabled } = callback()
  assert.deepEqual([operation, enabled], ['bindingActivityChanged', 'false'])
  await refused(shop.getBindings(clientId), '2')
  await refused(shop.unBindCard(bindingId), '2')
})

await check('nothing else was told', () => assert.deepEqual(heard.map(({ url }) => url.search), []))
receiver.close()
process.exit(failed ? 1 : 0)
