/*
 * Load with NODE_OPTIONS=--require over a whole test run: proves that nothing but the dialer leaves the machine.
 *
 * Every way out ends in one of a handful of Node functions, whichever package takes it, so those are wrapped here, in
 * the core modules that all realms of a process share. The dialer marks what it opens with a symbol of the process-wide
 * registry, so neither side imports the other and a test realm of its own sees the same mark. Loopback and `localhost`
 * are free, for test servers and their clients. A caller could swallow the error, so each trespass is also written to
 * the file that BIGBROTR_UNSTAMPED_LOG names; the test runner fails when that file is not empty.
 */
'use strict';

/* eslint-disable @typescript-eslint/no-require-imports -- what `--require` loads is CommonJS */

const dns = require('node:dns');
const fs = require('node:fs');
const net = require('node:net');
const { syncBuiltinESMExports } = require('node:module');

const STAMP = Symbol.for('bigbrotr.dialer');
const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+|(?:.+\.)?localhost)$/i;
const LOCAL_REVERSE = /\.127\.in-addr\.arpa$/;

function forbid(what) {
  const log = process.env.BIGBROTR_UNSTAMPED_LOG;
  const error = new Error(`not opened by the dialer: ${what}`);
  if (log) fs.appendFileSync(log, `${error.stack}\n\n`);
  throw error;
}

function isLocal(host) {
  return host === undefined || host === null || host === '' || LOOPBACK.test(host) || LOCAL_REVERSE.test(host);
}

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : net._normalizeArgs(args);
  if (!options.path && !isLocal(options.host) && !this[STAMP]) forbid(`connection to ${options.host}:${options.port}`);
  return connect.apply(this, args);
};

for (const api of [dns, dns.promises]) {
  const { lookup } = api;
  api.lookup = function (host, options, ...rest) {
    if (!isLocal(host) && !net.isIP(host) && !options?.[STAMP]) forbid(`look-up of ${host}`);
    return lookup.call(this, host, options, ...rest);
  };
  // The functions of the module share one resolver, which nobody stamps.
  for (const owner of [api, api.Resolver.prototype]) {
    for (const name of Object.getOwnPropertyNames(owner)) {
      if (!/^(?:resolve|reverse)/.test(name) || typeof owner[name] !== 'function') continue;
      const query = owner[name];
      owner[name] = function (host, ...rest) {
        if (!isLocal(host) && !this?.[STAMP]) forbid(`DNS query for ${host}`);
        return query.call(this, host, ...rest);
      };
    }
  }
}

syncBuiltinESMExports();
