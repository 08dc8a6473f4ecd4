import { describe, expect, it } from '@jest/globals';
import { classifyFailure } from './classify-failure.js';

describe('classifyFailure', () => {
  it.each([
    ['ECONNREFUSED', 'refused'],
    ['ECONNRESET', 'reset'],
    ['EPIPE', 'reset'],
    ['ERR_STREAM_PREMATURE_CLOSE', 'reset'],
    ['ETIMEDOUT', 'timeout'],
    ['ENETUNREACH', 'unreachable'],
    ['EHOSTUNREACH', 'unreachable'],
    ['EADDRNOTAVAIL', 'unreachable'],
    ['EACCES', 'unreachable'],
    ['EMFILE', 'blocked'],
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
    ['ESERVFAIL', 'dns'],
    ['ETIMEOUT', 'dns'],
    ['EPROTO', 'tls'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['HPE_HEADER_OVERFLOW', 'protocol'],
    ['HPE_INVALID_CONSTANT', 'protocol'],
    ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 'protocol'],
  ])('%s is %s', (code, reason) => {
    expect(classifyFailure(Object.assign(new Error('some text'), { code }))).toEqual({ reason, code });
  });

  it('takes the fallback for an error that says nothing', () => {
    expect(classifyFailure(new Error('ECONNREFUSED'), 'protocol')).toEqual({ reason: 'protocol' });
    expect(classifyFailure({ code: 7 }, 'protocol')).toEqual({ reason: 'protocol' });
    expect(classifyFailure(Object.assign(new Error(), { code: 'Z_DATA_ERROR' }), 'protocol')).toEqual({
      reason: 'protocol',
      code: 'Z_DATA_ERROR',
    });
  });

  it.each([
    new TypeError('a bug'),
    Object.assign(new TypeError(), { code: 'ERR_INVALID_ARG_TYPE' }),
    undefined,
    'ECONNRESET',
  ])('knows a bug of ours: %p', (error) => {
    expect(classifyFailure(error)).toBeUndefined();
  });
});
