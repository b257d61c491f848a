// Fabric's official Node client under load, as the benchmarks measure it.
//
// It reads lines of JSON that say what to do, and answers each with a line of JSON that says how it went. It connects once and
// keeps its connection, as a server would.

import * as grpc from '@grpc/grpc-js';
import { connect, hash, signers } from '@hyperledger/fabric-gateway';
import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const texts = ['peer', 'server-name', 'tls-ca', 'cert', 'key', 'msp-id', 'channel', 'contract'];
const { values: flags } = parseArgs({
    options: Object.fromEntries(texts.map((name) => [name, { type: 'string' }])),
});

const credentials = grpc.credentials.createSsl(await readFile(flags['tls-ca']));
const gateway = connect({
    identity: { mspId: flags['msp-id'], credentials: await readFile(flags.cert) },
    signer: signers.newPrivateKeySigner(createPrivateKey(await readFile(flags.key))),
    hash: hash.sha256,
    client: new grpc.Client(flags.peer, credentials, {
        'grpc.ssl_target_name_override': flags['server-name'],
    }),
});
const contract = gateway.getNetwork(flags.channel).getContract(flags.contract);

for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await carryOut(JSON.parse(line))));
}
process.exit(0);

/** Calls from so many callers at once for a while. */
async function carryOut(order) {
    const usedBefore = process.cpuUsage();
    const start = performance.now();
    const end = start + order.seconds * 1000;
    const callers = Array.from({ length: order.callers }, (_, number) => call(order, number, end));
    const times = (await Promise.all(callers)).flat();
    const seconds = (performance.now() - start) / 1000;
    const used = process.cpuUsage(usedBefore);
    times.sort((left, right) => left - right);
    const percentile = (percent) => times[Math.floor((times.length * percent) / 100)] / 1000;
    return {
        calls: times.length,
        seconds,
        cpu_seconds: (used.user + used.system) / 1e6,
        p50_seconds: percentile(50),
        p99_seconds: percentile(99),
    };
}

/** One call after the other until the end, at least one; answers how many milliseconds each took. */
async function call(order, number, end) {
    const words = order.arguments.map((word) => word.replaceAll('{caller}', String(number)));
    const times = [];
    while (times.length === 0 || performance.now() < end) {
        const began = performance.now();
        if (order.submit) {
            await contract.submitTransaction(order.function, ...words);
        } else {
            await contract.evaluateTransaction(order.function, ...words);
        }
        times.push(performance.now() - began);
    }
    return times;
}
