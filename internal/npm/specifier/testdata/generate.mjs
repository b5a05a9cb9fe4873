// Writes verdicts.json.gz: what npm-package-arg says.
//
//   node generate.mjs node_modules/npm-package-arg
//
// Generated from a fixed grammar by a fixed seed. Nothing is looked up.
import { createRequire } from 'node:module'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

const require = createRequire(import.meta.url)
const npaPath = path.resolve(process.argv[2])
const npa = require(npaPath)
process.on('log', () => {})
process.env.HOME = '/home'

let state = 7
const random = () => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const pick = list => list[Math.floor(random() * list.length)]
const maybe = (p, f) => random() < p ? f() : ''

const owner = () => pick(['o', 'npm', 'my-org', 'a.b', 'O_1'])
const project = () => pick(['r', 'cli', 'my.repo', 'x-y', 'repo'])
const suffix = () => maybe(0.4, () => '.git')
const fragment = () => maybe(0.5, () => '#' + pick(['main', 'v1.2.3', 'feature/x', '0123456789abcdef0123456789abcdef01234567', 'semver:^1.2.0', 'semver:%5E1', 'semver:1.x||2', 'semver:>=1 <2',
  'path:packages/a', 'main::path:packages/a', 'semver:^1::path:a/b', 'a::b', 'a::semver:1', 'semver:1::semver:2', 'path:a::path:b', 'unknown:x', 'main::unknown:x', 'a@b', 'user@x', '']))
const domain = () => pick(['github.com', 'gitlab.com', 'bitbucket.org', 'gist.github.com', 'git.sr.ht', 'www.github.com', 'git.example.com', 'example.com'])
const auth = () => maybe(0.3, () => pick(['git@', 'user:secret@', 'token@', 'x-oauth:tok@']))
const scheme = () => pick(['git', 'git+ssh', 'git+https', 'git+http', 'http', 'https', 'git+file', 'git+rsync', 'git+ftp'])
const repo = () => pick([() => `${owner()}/${project()}`, () => `${owner()}/${project()}`, () => `${owner()}/sub/${project()}`, () => project()])()
const hosted = () => `${scheme()}://${auth()}${domain()}/${repo()}${suffix()}${maybe(0.15, () => pick(['/tree/main', '/archive/v1.tar.gz', '/tarball/v1', '/get/v1.tar.gz', '/-/archive/v1/x.tar.gz', '/releases/download/v1/x.tgz', '/raw/x', '/blob/main/x']))}${fragment()}`
const port = () => `${pick(['git+ssh', 'git+https', 'https', 'git'])}://${auth()}git.example.com:${pick(['22', '8080', '7999'])}/${repo()}${suffix()}${fragment()}`
const scp = () => `${maybe(0.5, () => 'git+ssh://')}git@${domain()}:${repo()}${suffix()}${fragment()}`
const shortcut = () => `${pick(['github', 'gitlab', 'bitbucket', 'gist', 'sourcehut'])}:${maybe(0.1, () => 'user:secret@')}${pick([() => `${owner()}/${project()}`, () => `${owner()}/${project()}`, () => 'deadbeef01'])()}${suffix()}${fragment()}`
const shorthand = () => `${owner()}/${project()}${suffix()}${fragment()}`
const bare = () => `${maybe(0.3, () => 'git@')}${domain()}/${repo()}${suffix()}${fragment()}`
const registry = () => pick(['', '*', 'latest', 'next', 'beta-1', '1.2.3', 'v1.2.3', '=1.2.3', '1.2.3+b', '1.2.3-rc.1', '^1', '~1.2', '1.x', '>=1 <2', '1 || 2', ' ^1 ', '>=1.0.0 foo', '1.2', 'x', 'X', '01.2.3', '1.2.3beta', 'foo bar',
  'é', 'a%b', 'a:b', 'tag!', "it's", '(x)', 'a^b', '<1', '^', '~', '1.2.3 - 2', 'node_modules', '@scope', '@scope@1'])
const local = () => pick(['', 'file:', 'FILE:']) + pick(['.', '..', './a', '../a/b', '/abs/p', '~/home', 'a/b/c', './a.tgz', '../x.tar.gz', '/t.tar', './A.TGZ', 'x.tgz', 'a b/c d', './a%20b', './a#b', './a?b', '//srv/x', '///abs', '/./x', '/../y', '//../z', '/~/w', '/.hidden', '/...x', '.hidden', 'C:/x', 'c:\\y', 'D:z.tgz', '~x', './', '../', 'a/'])
const alias = () => pick(['npm:', 'NPM:']) + pick(['a', 'a@1', 'a@^1.2', 'a@latest', '@s/n', '@s/n@1.x', '@s/n@', 'a@', 'a@npm:b@1', 'a@o/r', 'a@file:x', '.a', 'A/b', '@s', 'a b', 'a@https://example.com/x.tgz', '', '@', '@/x', '../x@1', 'a@1 || 2', '_a', 'node_modules'])
const tarball = () => `http${maybe(0.5, () => 's')}://${auth()}${pick(['registry.example', 'example.com:8443', 'localhost'])}/${pick(['x.tgz', 'a/-/a-1.0.0.tgz', 'x', 'r.git', 'x.tar.gz?a=b', 'x.tgz#sha', ''])}`
const other = () => pick(['foo:bar', 'portal:../x', 'exec:./x.js', 'patch:a@npm%3A1#x', 'svn://h/r', 'ftp://h/x.tgz', 'data:x', 'a+b:c', 'git:', 'git://', 'https:', 'https://', 'http:///x', 'github:', 'github:/', 'github:o', 'github:o/', '/', '//', '#', '@', '@/', 'a/#b', 'a /b', '-/b', 'a/..', 'o/r/', 'o//r', 'o/r#', 'o/r#a b', 'o%2fr/x', 'git+ssh://git@h.com', 'git+https://github.com', 'https://github.com/o', 'https://github.com/o/r/', 'https://github.com/o/r/tree', 'git@github.com', 'user:pw@github.com:o/r'])

const makers = [hosted, hosted, hosted, port, scp, shortcut, shorthand, bare, registry, local, alias, tarball, other]
const specs = new Set()
for (let i = 0; i < 6000; i++) specs.add(pick(makers)())

const verdict = raw => {
  let r
  try { r = npa.resolve('alias', raw, '/project') } catch (e) { return { error: e.code ?? e.constructor.name } }
  const out = { type: r.type }
  if (r.type === 'alias') {
    out.name = r.subSpec.name
    out.sub = { type: r.subSpec.type, spec: r.subSpec.rawSpec }
  } else if (r.type === 'git') {
    out.fetch = r.fetchSpec ?? undefined
    out.committish = r.gitCommittish ?? undefined
    out.range = r.gitRange
    out.dir = r.gitSubdir
    if (r.hosted) {
      out.host = r.hosted.type
      out.owner = r.hosted.user ?? undefined
      out.project = r.hosted.project
      out.https = r.hosted.https({ noGitPlus: true, noCommittish: true })
      out.ssh = r.hosted.sshurl({ noGitPlus: true, noCommittish: true })
      out.tarball = r.hosted.tarball({ committish: 'c0ffee' })
    }
  } else {
    out.fetch = r.fetchSpec
  }
  return out
}
const rows = [...specs].map(raw => [raw, verdict(raw)])

const args = ['a', 'a@1', 'a@', '@s/n', '@s/n@^1', '@s/n@npm:b@1', 'a@npm:b@1', 'a@o/r', 'o/r', 'o/r#x', './x', '../x.tgz', '/x', '~/x', 'x.tgz', 'a@x.tgz', 'github:o/r', 'a@github:o/r', 'git@github.com:o/r.git', 'https://example.com/x.tgz',
  'a@https://example.com/x.tgz', 'https://u:p@example.com/x.tgz', 'git+ssh://git@h.example:o/r', 'file:x', 'a@file:x', '.', '..', 'a b', '@s', '@s/', 'npm:b@1', 'a@latest', 'A', 'a@1.2.3 - 2', 'x.y@1', 'a/b/c', '@s/n/m']
const splits = args.map(arg => {
  let r
  try { r = npa(arg, '/project') } catch (e) { return [arg, null, null] }
  return [arg, r.name ?? '', r.rawSpec]
})
const json = '{"about":' + JSON.stringify(`npm-package-arg ${require(path.join(npaPath, 'package.json')).version}`) + ',\n"specifiers":[\n' + rows.map(r => JSON.stringify(r)).join(',\n') + '],\n"splits":[\n' + splits.map(r => JSON.stringify(r)).join(',\n') + ']}\n'
writeFileSync(new URL('verdicts.json.gz', import.meta.url), gzipSync(json, { level: 9 }))
console.log(`${rows.length} specifiers, ${splits.length} splits, ${json.length} bytes`)
