// Sends records with a client for Node, LIB=fluent-logger or LIB=@fluent-org/logger:
// see package clients. MODE: Message, Forward, PackedForward or CompressedPackedForward.
'use strict';
const fs = require('fs');

const env = process.env;
const on = name => env[name] === '1';
const count = Number(env.COUNT);
const [prefix, label] = env.TAG.split(/\.(?=[^.]*$)/);
const host = env.HOST, port = Number(env.PORT);
const tls = on('TLS') ? {ca: fs.readFileSync(env.CA)} : undefined;
const security = env.SHARED_KEY
  ? {clientHostname: 'node', sharedKey: env.SHARED_KEY, username: env.FLUENT_USER, password: env.FLUENT_PASSWORD}
  : undefined;

// moment is now, as the client's EventTime, and as text.
function moment(EventTime) {
  const now = Date.now(), nanos = (now % 1000) * 1e6 + Number(process.hrtime.bigint() % 1000000n);
  const seconds = Math.floor(now / 1000);
  if (on('EVENTTIME')) return [new EventTime(seconds, nanos), `${seconds}.${String(nanos).padStart(9, '0')}`];
  return [new Date(now), `${seconds}.000000000`];
}

const record = (i, at) => ({seq: i, at, message: 'from Node', nested: {a: [1, 2.5, true, null, 'é']}});

async function organisation() {
  const {FluentClient, EventTime} = require('@fluent-org/logger');
  const client = new FluentClient(prefix, {
    eventMode: env.MODE, socket: {host, port, tls}, security,
    ack: on('ACK') ? {ackTimeout: 60000} : undefined,
    sendQueueMaxSize: undefined, disconnect: {waitForPending: true},
  });
  const sent = [];
  for (let i = 0; i < count; i++) {
    const [when, at] = moment(EventTime);
    sent.push(client.emit(label, record(i, at), when));
  }
  await Promise.all(sent);
  await client.disconnect();
}

async function classic() {
  const logger = require('fluent-logger');
  const client = logger.createFluentSender(prefix, {
    host, port, eventMode: env.MODE, timeout: 60, security, tls: Boolean(tls), tlsOptions: tls,
    requireAckResponse: on('ACK'), ackResponseTimeout: 60000,
  });
  const sent = [];
  for (let i = 0; i < count; i++) {
    const [when, at] = moment(logger.EventTime);
    sent.push(new Promise((done, fail) => client.emit(label, record(i, at), when, err => (err ? fail(err) : done()))));
  }
  await Promise.all(sent);
  await new Promise(done => client.end(null, null, done));
}

(env.LIB === 'fluent-logger' ? classic() : organisation()).then(
  () => process.exit(0),
  err => {
    console.error(err.message);
    process.exit(1);
  });
