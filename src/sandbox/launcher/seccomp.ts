// The system-call filter of every sandbox, as the raw BPF program that bubblewrap's --seccomp takes: an array of 8-byte
// instructions. An ordinary program never needs what is refused here; a container escape nearly always does.
import type { Architecture } from './syscalls.ts';
import { refusedAsMissing, refusedAsForbidden, syscallNumbers } from './syscalls.ts';

const loadWord = 0x20; // BPF_LD | BPF_W | BPF_ABS
const jumpIfEqual = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const jumpIfAtLeast = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const jumpIfAnySet = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const returnValue = 0x06; // BPF_RET | BPF_K

const allow = 0x7fff_0000;
const killProcess = 0x8000_0000;
const failWith = (errno: number): number => 0x0005_0000 | errno;
const errnos = { EPERM: 1, ENOSYS: 38, EAFNOSUPPORT: 97 } as const;

// struct seccomp_data: nr, arch, instruction pointer, six 64-bit arguments. Both architectures are little-endian.
const offsets = { number: 0, architecture: 4, firstArgument: 16 } as const;

const auditArchitecture: Readonly<Record<Architecture, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };
/** x86-64 also accepts the x32 numbers, which would go round every comparison below. */
const x32Bit = 0x4000_0000;

/** NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, and NEWTIME (which only clone3 and unshare take). */
const namespaceFlags = 0x7e02_0000;

/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. Others (AF_VSOCK above all) are not confined to the network namespace. */
const allowedSocketFamilies = [1, 2, 10, 16];

interface Instruction {
  readonly code: number;
  readonly ifTrue?: number;
  readonly ifFalse?: number;
  readonly value: number;
}

/** The filter for `architecture`, or undefined where we have no table of its system calls. */
export function buildSeccompFilter(architecture: string): Buffer | undefined {
  if (architecture !== 'x64' && architecture !== 'arm64') return undefined;
  const numbers = syscallNumbers[architecture];
  const program: Instruction[] = [
    { code: loadWord, value: offsets.architecture },
    { code: jumpIfEqual, ifTrue: 1, value: auditArchitecture[architecture] },
    { code: returnValue, value: killProcess },
    { code: loadWord, value: offsets.number },
  ];
  if (architecture === 'x64') {
    program.push({ code: jumpIfAtLeast, ifFalse: 1, value: x32Bit }, { code: returnValue, value: killProcess });
  }
  const refuse = (names: readonly string[], errno: number): void => {
    for (const name of names) {
      const number = numbers[name];
      if (number === undefined) continue;
      program.push({ code: jumpIfEqual, ifFalse: 1, value: number }, { code: returnValue, value: failWith(errno) });
    }
  };
  refuse(refusedAsForbidden, errnos.EPERM);
  refuse(refusedAsMissing, errnos.ENOSYS);
  // clone: the flags are the first argument on both architectures. A thread or a fork passes, a new namespace does not.
  const { clone, socket } = numbers;
  if (clone === undefined || socket === undefined) return undefined;
  program.push(
    { code: jumpIfEqual, ifFalse: 4, value: clone },
    { code: loadWord, value: offsets.firstArgument },
    { code: jumpIfAnySet, ifFalse: 1, value: namespaceFlags },
    { code: returnValue, value: failWith(errnos.EPERM) },
    { code: returnValue, value: allow },
  );
  const families = allowedSocketFamilies.length;
  program.push({ code: jumpIfEqual, ifFalse: families + 2, value: socket }, { code: loadWord, value: offsets.firstArgument });
  allowedSocketFamilies.forEach((family, index) => {
    program.push({ code: jumpIfEqual, ifTrue: families - index, value: family });
  });
  program.push({ code: returnValue, value: failWith(errnos.EAFNOSUPPORT) }, { code: returnValue, value: allow });
  return encode(program);
}

function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(({ code, ifTrue = 0, ifFalse = 0, value }, index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  });
  return bytes;
}
