// Receives records with the server of @fluent-org/logger, for what a Sluice
// sends: prints its port, then a line for each record. SHARED_KEY, FLUENT_USER
// and FLUENT_PASSWORD make it ask for the handshake; TLS, CERT and KEY make it
// speak TLS.
'use strict';
const fs = require('fs');
const {FluentServer, EventTime} = require('@fluent-org/logger');

const env = process.env;
const server = new FluentServer({
  listenOptions: {host: '127.0.0.1', port: 0},
  security: env.SHARED_KEY
    ? {serverHostname: 'node', sharedKey: env.SHARED_KEY, authorize: Boolean(env.FLUENT_USER), userDict: {[env.FLUENT_USER]: env.FLUENT_PASSWORD}}
    : undefined,
  tlsOptions: env.TLS === '1' ? {cert: fs.readFileSync(env.CERT), key: fs.readFileSync(env.KEY)} : undefined,
});
server.on('entry', (tag, time, record) => {
  const at = time instanceof EventTime ? {sec: time.epoch, nsec: time.nano} : {sec: time, nsec: 0};
  console.log(JSON.stringify({tag, ...at, record}));
});
server.listen().then(() => console.log(JSON.stringify({port: server.port})));
