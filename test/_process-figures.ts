// What the system says of a process, on Linux.
import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks a second in /proc, the same on every Linux that Node runs on. */
const TICKS = 100

/** Resident memory. */
export function rssBytes(pid: number): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8')
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1])
}

/** The most resident memory since it began. */
export function peakRssBytes(pid: number): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8')
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1])
}

/** Processor time since it began. */
export function cpuSeconds(pid: number): number {
  const afterName = readFileSync(`/proc/${String(pid)}/stat`, 'utf8').split(') ')[1] ?? ''
  const fields = afterName.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

/** Open files, sockets and the like. */
export function handleCount(pid: number): number {
  return readdirSync(`/proc/${String(pid)}/fd`).length
}

/** How long its main thread waited for a processor that others had, in milliseconds since it began. */
export function waitedForProcessorMs(pid: number): number {
  const [, waitedNs] = readFileSync(`/proc/${String(pid)}/schedstat`, 'utf8').split(' ')
  return Number(waitedNs) / 1e6
}

/** Bytes that it has read and written since it began, of files and sockets, cached or not. */
export function movedBytes(pid: number): number {
  const io = readFileSync(`/proc/${String(pid)}/io`, 'utf8')
  return readBytes(pid) + Number(/wchar: (\d+)/.exec(io)?.[1])
}

/** Bytes that it has read since it began, from files and sockets, cached or not. */
export function readBytes(pid: number): number {
  const io = readFileSync(`/proc/${String(pid)}/io`, 'utf8')
  return Number(/rchar: (\d+)/.exec(io)?.[1])
}
