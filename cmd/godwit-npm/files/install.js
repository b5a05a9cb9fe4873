// Puts the program in the place of the scripts that start it: that saves the start
// of node at every call. It is only done for npm, whose commands are links to
// those files; others begin with node whatever they find there. Without it, where
// install scripts do not run, all works as well.
'use strict'
const fs = require('node:fs')
const path = require('node:path')
const { program } = require('./launch.js')

const byNpm = (process.env.npm_config_user_agent || '').startsWith('npm/')
if (byNpm && process.platform !== 'win32') {
  for (const name of ['godwit', 'gwx']) {
    const command = path.join(__dirname, 'bin', name)
    try {
      fs.linkSync(program(), command + '.new')
      fs.renameSync(command + '.new', command)
    } catch {} // the script stays
  }
}
