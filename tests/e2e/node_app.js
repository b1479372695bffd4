// SPDX-License-Identifier: BSD-2-Clause
// A minimal node cluster that logs which process served which client: a line "PID PORT" per request, "PID started" per
// worker. Arguments: port, number of workers. NODE_CLUSTER_SCHED_POLICY=rr: the primary accepts and hands over; none:
// the workers accept.
"use strict";
const cluster = require("cluster");
const fs = require("fs");
const http = require("http");

const [port, workers] = process.argv.slice(2).map(Number);

if (cluster.isPrimary) {
  for (let worker = 0; worker < workers; worker++) cluster.fork();
} else {
  const log = fs.openSync(process.env.E2E_LOG, "a");
  const write = (text) => fs.writeSync(log, `${process.pid} ${text}\n`);
  const server = http.createServer((request, response) => {
    write(request.socket.remotePort);
    response.setHeader("Content-Length", 2);  // without it, no connection of an HTTP/1.0 client is kept
    response.end("ok");
  });
  server.keepAliveTimeout = 120000;
  server.listen(port, "127.0.0.1", () => write("started"));
}
