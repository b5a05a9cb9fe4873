// Starts the program that was built for this machine. It is in a package of its
// own, @godwit/<platform>, of which npm and its like install the one that fits.
'use strict'
const { spawn } = require('node:child_process')
const os = require('node:os')

const platform = `${process.platform}-${process.arch}`

/** The path of the program. The error where there is none says what to do. */
const program = () => {
  const exe = process.platform === 'win32' ? 'godwit.exe' : 'godwit'
  try {
    return require.resolve(`@godwit/${platform}/bin/${exe}`)
  } catch {
    const built = Object.keys(require('./package.json').optionalDependencies).map((name) => name.slice('@godwit/'.length))
    if (!built.includes(platform)) {
      throw new Error(`there is no build of godwit for ${platform}, only for ${built.join(', ')}`)
    }
    throw new Error(
      `@godwit/${platform}, the program itself, is not installed beside this package\n` +
        'Next: install again with optional dependencies (without --omit=optional or --no-optional), and on this kind of machine',
    )
  }
}

// A terminal sends these to the program, too: it shall not get them twice.
const typed = process.stdin.isTTY ? ['SIGINT', 'SIGQUIT'] : []

/** Runs the program under a name, and ends as it ends. */
const launch = (name) => {
  let child
  try {
    child = spawn(program(), process.argv.slice(2), { stdio: 'inherit', argv0: name })
  } catch (err) {
    fail(err)
    return
  }
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => typed.includes(signal) || child.kill(signal))
  }
  child.on('error', fail)
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exit(code)
    }
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
    setTimeout(() => process.exit(128 + os.constants.signals[signal]), 1000) // a signal that does not end a process
  })
}

const fail = (err) => {
  process.stderr.write(`ERR_GODWIT_PROGRAM  ${err.message}\n`)
  process.exit(1)
}

module.exports = { launch, program }
