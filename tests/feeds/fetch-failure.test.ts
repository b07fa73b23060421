import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureOf } from '../../src/feeds/fetch-failure.ts';

const errorOf = (code: string) => Object.assign(new Error('m'), { code });

test('errors are classed by their code, wherever it is', () => {
  const classes: Record<string, string> = {
    ...{ ENOTFOUND: 'dns', EAI_AGAIN: 'dns', EDNSTIMEOUT: 'dns', ERR_ADDRESS_BLOCKED: 'blocked-address' },
    ...{ UND_ERR_CONNECT_TIMEOUT: 'timeout', UND_ERR_BODY_TIMEOUT: 'timeout', UND_ERR_HEADERS_OVERFLOW: 'too-large' },
    ...{ ECONNREFUSED: 'connect', HPE_INVALID_CONSTANT: 'connect', UND_ERR_SOCKET: 'connect', EWHATEVER: 'connect' },
    ...{ DEPTH_ZERO_SELF_SIGNED_CERT: 'tls', CERT_HAS_EXPIRED: 'tls', UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls' },
    ...{ ERR_TLS_CERT_ALTNAME_INVALID: 'tls', ERR_SSL_WRONG_VERSION_NUMBER: 'tls' },
    ...{ Z_BUF_ERROR: 'parse', ERR_BUFFER_TOO_LARGE: 'too-large' },
  };
  for (const [code, failure] of Object.entries(classes)) {
    const error = errorOf(code);
    assert.equal(failureOf(error).failure, failure, code);
    assert.equal(failureOf(new Error('outer', { cause: error })).failure, failure, code);
    assert.equal(failureOf(new AggregateError([error, errorOf('ENOTFOUND')])).failure, failure, code);
  }
});

test('anything thrown has words', () => {
  for (const thrown of [new Error('why'), 'text', null, undefined, 7, {}]) {
    const { failure, message } = failureOf(thrown);
    assert.equal(failure, 'connect');
    assert.match(message, /^The request failed: .+\.$/);
  }
});
