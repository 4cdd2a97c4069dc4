// The vendor's own client (npm `node-orangedata`) drives the double of OrangeData.
//
// DOUBLE        address of the double for the partner, http://127.0.0.1:3000/sandbox/orange_data/demoshop
// CREDENTIALS   JSON object of the partner's credentials
// RECEIVER      host:port to listen on; every document asks for its callback there (callbackUrl)
// GROUP         the group of devices
// FAULTS        address that what goes wrong with the next documents is put to
// KEY           the partner's test key, for that
//
// The client signs what it sends and validates it by the vendor's rules. Its certificate goes nowhere here: there is no TLS.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import vendor from 'node-orangedata'

const { DOUBLE, RECEIVER, GROUP, FAULTS, KEY } = process.env
const { inn, key, private_key: privateKey } = JSON.parse(process.env.CREDENTIALS)
const { OrangeData, Order, Correction } = vendor
const [host, port] = RECEIVER.split(/:(?=\d+$)/)
const run = randomUUID().slice(0, 8)

const heard = []
const receiver = createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  heard.push(JSON.parse(Buffer.concat(chunks)))
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
    console.error(`NOT ${name}: ${error.message} ${error.errors ?? ''}`)
  }
}

const options = { apiUrl: `${DOUBLE}/api/v2`, ca: 'none', cert: 'none', key: 'none', passphrase: 'none', privateKey }
const agent = new OrangeData(options)

const head = (id) => ({
  id: `${id}-${run}`, inn, key, group: GROUP, callbackUrl: `http://${RECEIVER}/`, ffdVersion: 4, type: 1,
  taxationSystem: 0, customerContact: 'buyer@mail.test', senderEmail: 'agent@pay.test',
})
const service = {
  text: 'Выписка ЕГРН', quantity: 1.5, price: 100.01, tax: 1, taxSum: 27.05, paymentMethodType: 4, paymentSubjectType: 4,
  quantityMeasurementUnit: 0, agentType: 64, supplierINN: '7707083893',
  supplierInfo: { phoneNumbers: ['+74951234567'], name: 'ООО "Справка"' },
}
const goods = {
  text: 'Сапоги', quantity: 1, price: 5000, tax: 2, paymentMethodType: 4, paymentSubjectType: 33, quantityMeasurementUnit: 0,
  itemCode: '010460406000600021N4N57RTCBUZTQ\u001d91EE07\u001d92YWFtcGxlIG9mIGEgdGFpbCBvZiBhIG1hcms0NDQ0NDQ0NDQ=',
  plannedStatus: 1,
}

function order(id, positions, payments, more = {}) {
  const made = new Order({ ...head(id), ...more })
  positions.forEach((position) => made.addPosition(position))
  payments.forEach(([type, amount]) => made.addPayment({ type, amount }))
  return made
}

/** Asks until the queue has come to the document. */
async function outcome(ask) {
  for (let turn = 0; turn < 100; turn += 1) {
    const answer = await ask()
    if (answer !== undefined) return answer
    await new Promise((resolve) => { setTimeout(resolve, 100) })
  }
  return assert.fail('it waits still')
}
const printed = (id) => outcome(() => agent.getOrderStatus(inn, `${id}-${run}`))

async function spoil(...next) {
  const answer = await fetch(FAULTS, {
    method: 'PUT',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ next }),
  })
  assert.equal(answer.status, 200)
}
const refused = (promise, status) =>
  assert.rejects(promise, (error) => (assert.equal(error.response?.statusCode, status, error.message), true))

await check('a sale is taken, printed and told', async () => {
  const sale = order('a', [service], [[2, 150.02]], { totalSum: 150.02, vat1Sum: 27.05 })
  assert.equal(await agent.sendOrder(sale), undefined)
  const { id, fsNumber, fp, content, documentNumber, processedAt } = await printed('a')
  assert.equal(id, `a-${run}`)
  assert.match(fsNumber, /^9999\d{12}$/)
  assert.match(fp, /^\d{10}$/)
  assert.match(processedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
  assert.ok(documentNumber > 0)
  assert.deepEqual([content.positions[0].tax, content.vat1Sum, content.totalSum], [1, 27.05, 150.02])
  for (let turn = 0; turn < 100 && heard.length === 0; turn += 1) await new Promise((resolve) => { setTimeout(resolve, 100) })
  assert.deepEqual(heard.map((told) => told.id), [id])
})

await check('an id is taken once', async () => {
  await refused(agent.sendOrder(order('a', [service], [[2, 150.02]])), 409)
})

await check('what is not there is not found', () => refused(agent.getOrderStatus(inn, `none-${run}`), 400))

await check('a refund, a prepayment and its offset', async () => {
  await agent.sendOrder(order('b', [service], [[2, 150.02]], { type: 2 }))
  assert.equal((await printed('b')).content.type, 2)
  const before = { ...service, paymentMethodType: 1, tax: 3 }
  await agent.sendOrder(order('c', [before], [[2, 150.02]]))
  assert.deepEqual([(await printed('c')).content.vat5Sum], [27.05])
  await agent.sendOrder(order('d', [service], [[14, 150.02]]))
  assert.deepEqual((await printed('d')).content.checkClose.payments, [{ type: 14, amount: 150.02 }])
})

await check('20 % goes back with the flag, and is no rate of a sale of this year', async () => {
  const old = { ...service, taxSum: 25 }
  await agent.sendOrder(order('e', [old], [[2, 150.02]], { type: 2, useTax20: true }))
  const { content } = await printed('e')
  assert.deepEqual([content.positions[0].tax, content.useTax20, content.vat1Sum], [1, true, 25])
  await refused(agent.sendOrder(order('f', [old], [[2, 150.02]], { useTax20: true })), 400)
})

await check('marked goods, and a code that does not pass', async () => {
  await agent.sendOrder(order('g', [goods], [[2, 5000]]))
  assert.equal((await printed('g')).content.positions[0].itemCode, goods.itemCode)
  await spoil('mark_refused')
  await agent.sendOrder(order('h', [goods], [[2, 5000]]))
  await refused(printed('h'), 422)
})

await check('an expired id', async () => {
  await spoil('expiring')
  await agent.sendOrder(order('i', [service], [[2, 150.02]]))
  await refused(printed('i'), 524)
})

await check('a full queue', async () => {
  await spoil('failing_once')
  await refused(agent.sendOrder(order('j', [service], [[2, 150.02]])), 503)
})

await check('corrections of both formats', async () => {
  const cause = { correctionType: 0, causeDocumentDate: '2026-08-10T00:00:00' }
  const { positions } = order('x', [service], []).content
  const checkClose = { payments: [{ type: 2, amount: 150.02 }], taxationSystem: 0 }
  await agent.sendCorrection12(new Correction({ ...head('k'), ...cause, positions, checkClose }))
  assert.equal((await outcome(() => agent.getCorrection12Status(inn, `k-${run}`))).content.correctionType, 0)
  const sums = { totalSum: 150.02, eCashSum: 150.02, tax1Sum: 27.05 }
  await agent.sendCorrection(new Correction({ ...head('l'), ...cause, ...sums, ffdVersion: 2, group: 'Main' }))
  assert.equal((await outcome(() => agent.getCorrectionStatus(inn, `l-${run}`))).content.tax1Sum, 27.05)
})

await check('what breaks a law is refused in sentences', async () => {
  const wrong = order('m', [{ ...service, supplierINN: '7707083893', quantity: 0 }], [[2, 0]])
  await assert.rejects(agent.sendOrder(wrong), (error) => error.response.statusCode === 400 && error.errors.length > 0)
})

await check('another owner and another key are refused', async () => {
  await refused(agent.sendOrder(order('n', [service], [[2, 150.02]], { inn: '7707083893' })), 400)
  await refused(agent.sendOrder(order('o', [service], [[2, 150.02]], { key: 'other' })), 400)
})

receiver.close()
process.exit(failed ? 1 : 0)
