/**
 * What glibc's malloc is told, in bytes: from which size on a buffer is a mapping of its own, which the system has back once it is
 * freed, and how much that is free at the end of its heap it keeps. By itself it raises both, up to 32 MiB, with the largest buffer
 * that was ever freed. 64 KiB is what is read of a socket at a time. Other libraries do not know these names.
 */
const THRESHOLDS = { MALLOC_MMAP_THRESHOLD_: '65536', MALLOC_TRIM_THRESHOLD_: '131072' }

/**
 * Have malloc give freed buffers back, which it can only be told when a program starts: so this one starts again, in the same
 * process. Whoever set something of it in the environment is left alone, and so is a process that talks with its parent, for the
 * channel would be lost.
 */
export function restartWithThresholds(): void {
  const { platform, env, execPath, execArgv, argv } = process
  const isSet = [...Object.keys(THRESHOLDS), 'GLIBC_TUNABLES'].some((name) => name in env)
  if (platform !== 'linux' || isSet || process.connected) return
  // Not in every Node that may run this.
  process.execve?.(execPath, [execPath, ...execArgv, ...argv.slice(1)], { ...env, ...THRESHOLDS })
}
