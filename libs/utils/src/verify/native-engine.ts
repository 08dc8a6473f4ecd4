import type * as KoffiModule from 'koffi';
import type { LibraryHandle } from 'koffi';

import { createSignatureBuffer, SIGNATURE_BUFFER_BYTES } from './signature-buffer.js';
import type { EngineLoader, SignatureEngine } from './signature-engine.js';

/** libsecp256k1's file names, newest interface first; the name without a number needs the development package. */
const LIBRARY_FILES: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: [8, 7, 6, 5, 4, 3, 2, 1, 0].map((version) => `libsecp256k1.so.${version}`).concat('libsecp256k1.so'),
  freebsd: ['libsecp256k1.so'],
  darwin: ['libsecp256k1.dylib', '/opt/homebrew/lib/libsecp256k1.dylib', '/usr/local/lib/libsecp256k1.dylib'],
  win32: ['libsecp256k1-6.dll', 'libsecp256k1-5.dll', 'libsecp256k1-2.dll', 'libsecp256k1.dll'],
};

/** SECP256K1_CONTEXT_VERIFY: the newer libraries ask for no flag, but all of them accept this one. */
const CONTEXT_VERIFY = 0x0101;
const XONLY_PUBKEY_BYTES = 64;

type Koffi = typeof KoffiModule;

/** libsecp256k1 of the system through a foreign function interface: 5 to 10 times as fast as WebAssembly. */
export const nativeEngine: EngineLoader = createNativeEngine(LIBRARY_FILES[process.platform] ?? []);

export function createNativeEngine(files: readonly string[]): EngineLoader {
  return {
    name: 'native',
    remedy: 'install libsecp256k1 (Debian 12: `apt-get install libsecp256k1-1`; macOS: `brew install secp256k1`)',
    async load() {
      const koffi = await import('koffi');
      const { library, file } = open(koffi, files);
      return bind(koffi, library, file);
    },
  };
}

function open(koffi: Koffi, files: readonly string[]): { library: LibraryHandle; file: string } {
  const unusable: string[] = [];
  for (const file of files) {
    let library: LibraryHandle;
    try {
      library = koffi.load(file);
    } catch {
      continue; // Not installed under this name.
    }
    const missing = missingSymbol(library);
    if (missing === undefined) return { library, file };
    unusable.push(`${file} has no ${missing}`);
    library.unload();
  }
  throw new Error(unusable.length > 0 ? unusable.join(', ') : 'libsecp256k1 is not on this system');
}

/**
 * Schnorr signatures are an optional module of the library. `sign_custom` is never called: it came in the same change
 * that gave `verify` its message length, and calling a library from before that change would end the process.
 */
function missingSymbol(library: LibraryHandle): string | undefined {
  return [
    'secp256k1_context_create',
    'secp256k1_xonly_pubkey_parse',
    'secp256k1_schnorrsig_verify',
    'secp256k1_schnorrsig_sign_custom',
  ].find((symbol) => {
    try {
      library.symbol(symbol);
      return false;
    } catch {
      return true;
    }
  });
}

/** The context and the memory live as long as the process: freeing them under a later call would end it. */
function bind(koffi: Koffi, library: LibraryHandle, file: string): SignatureEngine {
  const createContext = library.func('secp256k1_context_create', 'void *', ['uint']) as (
    flags: number,
  ) => bigint | null;
  const parsePubkey = library.func('secp256k1_xonly_pubkey_parse', 'int', ['void *', 'void *', 'void *']) as (
    ...pointers: bigint[]
  ) => number;
  const verifySignature = library.func('secp256k1_schnorrsig_verify', 'int', [
    'void *',
    'void *',
    'void *',
    'size_t',
    'void *',
  ]) as (context: bigint, sig: bigint, message: bigint, length: number, pubkey: bigint) => number;

  // Memory outside of the heap, passed by address: 5 % faster than passing buffers.
  const address = koffi.alloc('uint8_t', SIGNATURE_BUFFER_BYTES + XONLY_PUBKEY_BYTES) as bigint;
  const buffer = createSignatureBuffer(Buffer.from(koffi.view(address, SIGNATURE_BUFFER_BYTES)));
  const [id, pubkey, sig, parsed] = [address, address + 32n, address + 64n, address + BigInt(SIGNATURE_BUFFER_BYTES)];

  const context = createContext(CONTEXT_VERIFY);
  if (context === null) throw new Error(`${file} gave no context`);

  return {
    name: 'native',
    source: file,
    verify: (idHex, pubkeyHex, sigHex) =>
      buffer.fill(idHex, pubkeyHex, sigHex) &&
      parsePubkey(context, parsed, pubkey) === 1 &&
      verifySignature(context, sig, id, 32, parsed) === 1,
  };
}
