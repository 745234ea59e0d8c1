/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The npm package oidc-provider as an authority of RFC 7662, for
 * t/oidc-provider.t:
 *
 *     node oidc-provider.mjs DIR CONFIGURATION
 *
 * DIR is where node_modules is.  CONFIGURATION is JSON: port, clients (their
 * metadata as registered; beside it "ttl", seconds that their tokens live,
 * "claims" of their tokens, and "pem", a public key or a certificate that
 * they have), with TLS tls_port, cert, key, ca (paths), and "features" of the
 * package.  Prints "ready" when it listens, a line for each introspection,
 * and ends with its standard input.
 */

import {
  X509Certificate, createPublicKey, generateKeyPairSync,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [dir, given] = process.argv.slice(2);
const configuration = JSON.parse(given);
const { default: Provider } = await import(pathToFileURL(
  join(dir, 'node_modules/oidc-provider/lib/index.js')));

function keys(pem) {
  if (!pem.includes('CERTIFICATE')) {
    return [{ ...createPublicKey(pem).export({ format: 'jwk' }), kid: 'k1' }];
  }
  const certificate = new X509Certificate(pem);
  return [{
    ...certificate.publicKey.export({ format: 'jwk' }),
    x5c: [certificate.raw.toString('base64')],
  }];
}

const ours = new Map();
const clients = configuration.clients.map((client) => {
  const { ttl, claims, pem, ...metadata } = client;
  ours.set(metadata.client_id, { ttl: ttl ?? 300, claims: claims ?? {} });
  return {
    grant_types: [], redirect_uris: [], response_types: [], ...metadata,
    ...(pem && { jwks: { keys: keys(pem) } }),
  };
});

/* what its answers are signed with */

const jwks = {
  keys: [['rsa', { modulusLength: 2048 }], ['ec', { namedCurve: 'P-256' }],
    ['ed25519']].map(([type, options]) =>
    generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' })),
};

const issuer = `http://127.0.0.1:${configuration.port}`;

const provider = new Provider(issuer, {
  clients,
  jwks,
  scopes: ['api:read', 'api:write'],
  clientAuthMethods: [
    'none', 'client_secret_basic', 'client_secret_post', 'client_secret_jwt',
    'private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth',
  ],
  enabledJWA: {
    clientAuthSigningAlgValues:
      ['HS256', 'RS256', 'PS256', 'ES256', 'EdDSA'],
  },
  extraTokenClaims: (ctx, token) => ours.get(token.clientId).claims,
  ttl: { ClientCredentials: (ctx, token) => ours.get(token.clientId).ttl },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: {
      enabled: true,
      allowedPolicy: (ctx, client) => client.clientId !== 'stranger',
    },
    jwtIntrospection: { enabled: true },
    revocation: { enabled: true },
    mTLS: {
      enabled: true,
      tlsClientAuth: true,
      selfSignedTlsClientAuth: true,
      getCertificate: (ctx) => ctx.socket.getPeerX509Certificate?.(),
      certificateAuthorized: (ctx) => ctx.socket.authorized === true,
      certificateSubjectMatches: (ctx, property, expected) =>
        property === 'tls_client_auth_subject_dn'
        && ctx.socket.getPeerX509Certificate().subject === expected,
    },
    ...configuration.features,
  },
});

provider.use(async (ctx, next) => {
  await next();
  if (ctx.oidc?.route === 'introspection') {
    console.log(JSON.stringify({
      client: ctx.oidc.client?.clientId ?? null,
      status: ctx.status,
      type: ctx.response.type,
    }));
  }
});

const listening = [];

function listen(server, port) {
  listening.push(new Promise((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  }));
}

listen(http.createServer(provider.callback()), configuration.port);

if (configuration.tls_port) {
  listen(https.createServer({
    cert: readFileSync(configuration.cert),
    key: readFileSync(configuration.key),
    ca: readFileSync(configuration.ca),
    requestCert: true,
    rejectUnauthorized: false,
  }, provider.callback()), configuration.tls_port);
}

await Promise.all(listening);
console.log('ready');

process.stdin.on('end', () => process.exit(0)).resume();
