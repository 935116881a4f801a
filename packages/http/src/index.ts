export { announcedLength, readWhole, refuseEncoding, unexpectedStatus } from './answer.ts'
export { CONNECT_TIMEOUT_MS, createDispatcher } from './dispatcher.ts'
export type { Dispatcher, DispatcherInit } from './dispatcher.ts'
export { OriginLostError, ShortBodyError, UnusableAnswerError } from './errors.ts'
export { fileUrl, HttpReader, MAX_DUMPED_BYTES } from './http-reader.ts'
export type {
  HttpAnswer,
  HttpFile,
  HttpReaderInit,
  ReadOptions,
  Validators,
} from './http-reader.ts'
export { describeFailure, PatientReader } from './patient-reader.ts'
export type { AskOptions, PatientAnswer, PatientReaderInit } from './patient-reader.ts'
export { DEFAULT_RETRY_AFTER_MS, MAX_RETRY_AFTER_MS, readRetryAfter } from './retry-after.ts'
export { MAX_REDIRECTS, sendRequest } from './send-request.ts'
export type { HttpRequest, HttpResponse } from './send-request.ts'
export { withoutSecrets } from './without-secrets.ts'
export { userAgent } from './user-agent.ts'
