// Graphile Worker, a job in PostgreSQL for each payment: `node graphile.mjs enqueue COUNT | work CONCURRENCY[:QUEUED]`.

import { Logger, makeWorkerUtils, run } from "graphile-worker";

import { DATABASE_URL, chunks, payer, payments } from "./work.mjs";

const AT_ONCE = 1000;
const [, , command, argument] = process.argv;
const logger = new Logger(() => (level, message) => (level === "error" ? console.error(message) : undefined));

if (command === "enqueue") await enqueue(Number(argument));
else await work(...argument.split(":").map(Number));

async function enqueue(count) {
  const utils = await makeWorkerUtils({ connectionString: DATABASE_URL, logger });
  await utils.migrate();
  for (const some of chunks(payments(count), AT_ONCE)) {
    await utils.addJobs(some.map((payment) => ({ identifier: "pay", payload: payment })));
  }
  await utils.release();
}

// `queued`: so many jobs are fetched at once and wait in the process; 0: each is fetched by itself, as it is by default.
async function work(concurrency, queued = 0) {
  const pay = payer(concurrency);
  const runner = await run({
    connectionString: DATABASE_URL,
    concurrency,
    maxPoolSize: concurrency + 2,
    logger,
    taskList: { pay },
    preset: queued ? { worker: { localQueue: { size: queued } } } : {},
  });
  await runner.promise;
}
