export { main } from './jarswarm.ts'
