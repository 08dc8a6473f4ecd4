import { describe, expect, it } from '@jest/globals';
import { parseNobody, serverAccount } from './run-as.js';

describe('serverAccount', () => {
  it.each([
    [
      'Debian',
      'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin\n',
      { uid: 65534, gid: 65533 },
    ],
    ['macOS', '# comment\nnobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false\n', { uid: -2, gid: -2 }],
    ['a look-alike', 'nobody2:x:1:1::/:/bin/sh\n', undefined],
    ['an empty file', '', undefined],
  ])('reads nobody from the passwd file of %s', (_, passwd, account) => {
    expect(parseNobody(passwd)).toEqual(account);
  });

  it('is for root only', async () => {
    expect(await serverAccount(1000)).toBeUndefined();
    expect((await serverAccount(0))?.uid).not.toBe(0);
  });
});
