#!/usr/bin/env node
const [major] = process.versions.node.split('.').map(Number)
if (major < 24) {
  process.stderr.write(
    `jarswarm: Cannot run on Node ${process.versions.node}: Node 24 or newer is wanted; ` +
      `run it as "npx jarswarm" or with "npm start", which use the Node that npm ci installed\n`,
  )
  process.exit(1)
}
await import('../dist/main.js')
