// BullMQ with Redis, a job for each payment: `node bullmq.mjs enqueue COUNT | work CONCURRENCY`.

import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";

import { BROKER_URL, chunks, payer, payments } from "./work.mjs";

const AT_ONCE = 1000;
const NAME = "payments";
const [, , command, argument] = process.argv;
const connection = new Redis(BROKER_URL, { maxRetriesPerRequest: null });

if (command === "enqueue") await enqueue(Number(argument));
else work(Number(argument));

async function enqueue(count) {
  const queue = new Queue(NAME, { connection, defaultJobOptions: { removeOnComplete: true } });
  for (const some of chunks(payments(count), AT_ONCE)) {
    await queue.addBulk(some.map((payment) => ({ name: "pay", data: payment })));
  }
  await queue.close();
  await connection.quit();
}

function work(concurrency) {
  const pay = payer(concurrency);
  const worker = new Worker(NAME, (job) => pay(job.data), { connection, concurrency });
  worker.on("error", console.error);
  worker.on("failed", (job, error) => console.error(error));
}
