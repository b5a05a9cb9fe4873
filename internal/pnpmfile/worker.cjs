'use strict'
// Runs in node, given with -e. Arguments: paths of pnpmfiles, in order.
const { StringDecoder } = require('node:string_decoder')
const { pathToFileURL } = require('node:url')

// Stdout is the protocol's; what hooks print goes to stderr.
const write = process.stdout.write.bind(process.stdout)
process.stdout.write = process.stderr.write.bind(process.stderr)
const send = (answer) => write(JSON.stringify(answer) + '\n')

const groups = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']
const files = []

async function load (path) {
  let found
  try {
    found = require(path)
  } catch (err) {
    if (err?.code !== 'ERR_REQUIRE_ESM' && err?.code !== 'ERR_REQUIRE_ASYNC_MODULE') throw err
    found = await import(pathToFileURL(path).href)
  }
  const named = ['hooks', 'resolvers', 'fetchers', 'finders'].some((name) => Object.hasOwn(found ?? {}, name))
  if (Object.prototype.toString.call(found) === '[object Module]' && !named && Object.hasOwn(found, 'default')) found = found.default
  const defined = found?.hooks ?? null
  const has = (name) => typeof defined?.[name] === 'function'
  files.push({ path, defined, has })
  const beyond = []
  for (const name of ['resolvers', 'fetchers']) {
    if (Array.isArray(found?.[name]) && found[name].length > 0) beyond.push(name)
  }
  if (has('importPackage')) beyond.push('hooks.importPackage')
  return beyond
}

async function start () {
  const all = { hooks: [], any: false, beyond: [] }
  for (const path of process.argv.slice(1)) {
    try {
      for (const what of await load(path)) all.beyond.push({ file: path, what })
    } catch (err) {
      send({ id: 0, err: describe(err), file: path })
      return false
    }
  }
  all.any = files.some((f) => f.defined != null)
  all.hooks = Object.keys(hooks).filter((name) => files.some((f) => f.has(name)))
  send({ id: 0, ok: all })
  return true
}

// describe leaves out of a stack what is not the project's.
const describe = (err) => String(err?.stack ?? err).split('\n').filter((line) => !/^\s+at .*(\[eval\]|\bnode:)/.test(line)).join('\n').trim()

class BadResult extends Error {}

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value)

// check refuses what no resolver could use, with the words that pnpm has for it.
function check (pkg) {
  if (!isObject(pkg)) throw new BadResult('readPackage hook did not return a package manifest object.')
  for (const group of groups) {
    const deps = pkg[group] ?? {}
    if (!isObject(deps)) {
      throw new BadResult(`readPackage hook returned package manifest object's property '${group}' must be an object.`)
    }
    for (const [name, range] of Object.entries(deps)) {
      if (typeof range === 'string') continue
      const of = pkg.name ? pkg.name + (pkg.version ? '@' + pkg.version : '') : 'an unnamed package'
      throw new BadResult(`readPackage hook returned an invalid range for '${name}' in the '${group}' of ${of}. Expected a string, got ${range === null ? 'null' : typeof range}. To remove the dependency, delete the property.`)
    }
  }
}

// text is pkg as JSON, when it has been there and back.
function text (pkg) {
  check(pkg)
  let written
  try {
    written = JSON.stringify(pkg)
  } catch {
    throw new BadResult('readPackage hook did not return a serializable package manifest object.')
  }
  check(JSON.parse(written ?? 'null'))
  return written
}

// chain gives the hooks, one after the other, a value as JSON. One that returns
// nothing changes nothing, whatever it did to its copy, as in pnpm.
async function chain (json, call) {
  await call(async (hook, context) => {
    const out = await hook(JSON.parse(json), context)
    if (out != null) json = JSON.stringify(out)
  })
  return json
}

// Each takes a payload and calls the hook of every file that has it; call wraps
// that. It returns what to answer, as JSON, or null if nothing changed.
const hooks = {
  async readPackage (pkg, call) {
    for (const group of groups) pkg[group] ??= {}
    const before = JSON.stringify(pkg)
    let after = before
    await call(async (hook, context) => { after = text(await hook(JSON.parse(after), context)) })
    return after === before ? null : after
  },
  async afterAllResolved (lockfile, call) {
    const before = JSON.stringify(lockfile)
    const after = await chain(before, call)
    return after === before ? null : after
  },
  // What differs in the end is the answer, key by key.
  async updateConfig (config, call) {
    const before = new Map(Object.entries(config).map(([key, value]) => [key, JSON.stringify(value)]))
    config = JSON.parse(await chain(JSON.stringify(config), call))
    if (!isObject(config)) throw new Error('updateConfig did not return an object')
    const changed = {}
    for (const [key, value] of Object.entries(config)) {
      if (JSON.stringify(value) !== before.get(key)) changed[key] = value
      before.delete(key)
    }
    const removed = [...before.keys()]
    return Object.keys(changed).length + removed.length === 0 ? null : JSON.stringify({ changed, removed })
  },
  async beforePacking ({ manifest, dir }, call) {
    const before = JSON.stringify(manifest)
    const after = await chain(before, (run) => call((hook, context) => run((pkg) => hook(pkg, dir, context))))
    if (!isObject(JSON.parse(after))) throw new Error('beforePacking did not return an object')
    return after === before ? null : after
  },
  // Its result does not count: what counts is what it does to the lockfile.
  async preResolution (payload, call) {
    const before = JSON.stringify(payload.wantedLockfile)
    await call(async (hook, { log }) => hook(payload, { info: log, warn: log }))
    const after = JSON.stringify(payload.wantedLockfile)
    return after === before ? null : after
  }
}

async function answer ({ id, hook, payload }) {
  let file
  try {
    const result = await hooks[hook](payload, async (run) => {
      for (file of files) {
        if (!file.has(hook)) continue
        const log = (message) => send({ id, log: String(message), hook })
        const defined = file.defined
        await run((...args) => defined[hook](...args), { log })
      }
    })
    write(result == null ? JSON.stringify({ id, same: true }) + '\n' : `{"id":${id},"ok":${result}}\n`)
  } catch (err) {
    const bad = err instanceof BadResult
    send({ id, err: bad ? err.message : describe(err), bad, hook, file: file?.path })
  }
}

start().then((ready) => {
  if (!ready) return
  // Parts of a line are joined once, at its end: a lockfile is megabytes.
  let parts = []
  const decoder = new StringDecoder('utf8')
  process.stdin.on('data', (chunk) => {
    const lines = decoder.write(chunk).split('\n')
    const last = lines.pop()
    for (const line of lines) {
      answer(JSON.parse(parts.join('') + line))
      parts = []
    }
    parts.push(last)
  })
  process.stdin.on('end', () => process.exit())
})
