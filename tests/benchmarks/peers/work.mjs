// What every peer does for a payment on node: call the bank, then write the transaction and the event's status.

import { Agent, request } from "node:http";

import pg from "pg";

export const { DATABASE_URL, BROKER_URL, BANK_URL } = process.env;
const agent = new Agent({ keepAlive: true });

// The same that the events table holds.
export function* payments(count) {
  for (let number = 1; number <= count; number++) {
    const hex = number.toString(16).padStart(32, "0");
    yield {
      id: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"),
      payerId: `payer-${number}`,
      payeeId: `payee-${number % 1000}`,
      amount: "25.00",
      currency: "GBP",
      reference: `Rent ${number}`,
    };
  }
}

export function* chunks(items, size) {
  let chunk = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length === size) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length) yield chunk;
}

// `connections`: as many as payments are in flight, so that none waits for one.
export function payer(connections) {
  const pool = new pg.Pool({ connectionString: DATABASE_URL, max: connections });
  return async ({ id, ...body }) => {
    const startedAt = new Date();
    const { paymentId } = await callBank(id, body);
    const client = await pool.connect();
    try {
      await write(client, [id, body.payerId, body.payeeId, minorUnits(body.amount), body.currency, paymentId, startedAt]);
    } finally {
      client.release();
    }
  };
}

// node's own client with a keep-alive agent: `fetch` costs four times as much CPU a call.
function callBank(id, body) {
  const sent = JSON.stringify(body);
  const headers = {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(sent),
    "Idempotency-Key": id,
    Authorization: "Bearer sandbox",
  };
  return new Promise((resolve, reject) => {
    const call = request(`${BANK_URL}/payments`, { method: "POST", agent, headers, timeout: 10_000 }, (response) => {
      let answer = "";
      response.setEncoding("utf8");
      response.on("data", (part) => (answer += part));
      response.on("error", reject);
      response.on("end", () =>
        response.statusCode === 201 || response.statusCode === 200
          ? resolve(JSON.parse(answer))
          : reject(new Error(`the bank says ${response.statusCode}`)),
      );
    });
    call.on("timeout", () => call.destroy(new Error("the bank takes too long")));
    call.on("error", reject);
    call.end(sent);
  });
}

async function write(client, row) {
  try {
    await client.query("BEGIN");
    await client.query({
      name: "insert",
      text: `INSERT INTO transaction (event_id, payer_id, payee_id, amount, currency, provider_ref, started_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      values: row,
    });
    await client.query({ name: "update", text: "UPDATE event SET status = 'paid' WHERE id = $1", values: [row[0]] });
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

function minorUnits(amount) {
  return Number(amount.replace(".", ""));
}
