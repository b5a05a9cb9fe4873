// Writes verdicts.json.gz: what node-semver says.
//
//   node generate.mjs node_modules/semver [name...]
//
// The names are packages whose published ranges are taken in too, by way of
// "npm view". The rest is generated from a fixed seed.
import { createRequire } from 'node:module'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import path from 'node:path'

const require = createRequire(import.meta.url)
const [semverPath, ...names] = process.argv.slice(2)
const semver = require(path.resolve(semverPath))

// mulberry32
let state = 20240607
const random = () => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const below = n => Math.floor(random() * n)
const pick = list => list[below(list.length)]
const chance = p => random() < p
const many = (n, f) => Array.from({ length: n }, f)

const modes = [
  {},
  { loose: true },
  { includePrerelease: true },
  { loose: true, includePrerelease: true },
]
const tryOr = (f, other) => { try { return f() } catch { return other } }

// --- words

const small = () => String(pick([0, 0, 0, 1, 1, 2, 3, 5, 9, 10, 12]))
const bigs = ['9007199254740990', '9007199254740991', '9007199254740992', '9007199254740993',
  '18446744073709551616', '99999999999999999999', '999999999999999999999', '1000000000000000000000',
  '1' + '0'.repeat(300), '9'.repeat(256), '0'.repeat(255) + '1', '0'.repeat(256) + '1', '00', '01', '007']
const number = () => chance(0.03) ? pick(bigs) : small()
const ident = () => pick(['0', '1', '2', '10', 'a', 'b', 'alpha', 'beta', 'rc', 'x', '-', '--', '-1', '0a', '1a', 'a-b', '01', '00',
  '1e5', '0x1', 'Infinity', 'v', 'v1', '9007199254740991', '9007199254740992', '9007199254740993', '0009007199254740993'])
const dotted = () => many(1 + below(3), ident).join('.')
const prerelease = () => chance(0.35) ? (chance(0.9) ? '-' : '') + dotted() : ''
const build = () => chance(0.08) ? '+' + pick(['b', 'build.1', '001', 'a-b', '', '-', 'a+b', '.']) : ''
const xnumber = () => chance(0.25) ? pick(['x', 'X', '*']) : number()
const space = () => pick([' ', ' ', ' ', ' ', '  ', '\t', '\n', '\u00a0', '\ufeff', '\u2003', '\u3000', '\u0085', '\u200b', '\v'])
const prefix = () => chance(0.12) ? pick(['v', '=', 'v=', '=v', 'v ', '= ', 'vv', 'V', '==', ' ', 'v\u00a0']) : ''
const version = () => prefix() + many(3, number).join('.') + prerelease() + build()
const partial = () => {
  const n = pick([1, 2, 2, 3, 3, 3, 3])
  const tail = n === 3 || chance(0.1) ? prerelease() + build() : build()
  return prefix() + many(n, xnumber).join('.') + tail
}
const operator = () => pick(['', '', '', '^', '^', '~', '~', '~>', '>=', '>=', '<', '<=', '>', '=', '==', '=>', '<>', '^=', '~=', '>>', '^^', '~~', '!'])
const comparator = () => operator() + (chance(0.15) ? space() : '') + (chance(0.8) ? partial() : version()) + (chance(0.02) ? '*' : '')
const hyphen = () => partial() + space() + '-' + space() + partial()
const part = () => chance(0.15) ? hyphen() : many(pick([1, 1, 1, 2, 2, 3]), comparator).join(chance(0.95) ? space() : ',')
const range = () => (chance(0.05) ? space() : '') +
  many(pick([1, 1, 1, 2, 2, 3]), () => chance(0.04) ? pick(['', ' ', '*', 'foo', '<0.0.0-0', '>*', 'x']) : part())
    .join(pick(['||', ' || ', ' ||', '|| ', '|', '|||'])) + (chance(0.05) ? space() : '')
const alphabet = '0123456789.xX*-+^~<>=| vabe\t\u00a0'.split('')
const edit = s => {
  for (let n = 1 + below(2); n > 0; n--) {
    const i = below(s.length + 1)
    s = pick([
      () => s.slice(0, i) + pick(alphabet) + s.slice(i),
      () => s.slice(0, i) + s.slice(i + 1),
      () => s.slice(0, i) + pick(alphabet) + s.slice(i + 1),
      () => s + (chance(0.3) ? s : pick(alphabet)),
    ])()
  }
  return s
}
const clean = () => many(3, small).join('.') + (chance(0.3) ? '-' + pick(['0', '1', 'alpha', 'beta.1', 'beta.2', 'rc', 'alpha.beta']) : '')
const cleanRange = () => many(pick([1, 1, 1, 2, 3]), () => pick([
  () => '^' + clean(), () => '~' + clean(), () => '>=' + clean(), () => '>=' + clean() + ' <' + clean(), () => clean(),
  () => small() + '.x', () => '^' + small(), () => '<' + clean(), () => '<=' + clean(), () => '>' + clean(), () => '*',
  () => clean() + ' - ' + clean(), () => '>' + small(), () => '<=' + small() + '.' + small(), () => '>=' + clean() + ' <=' + clean(),
])()).join(' || ')

const fixed = ['', ' ', '*', 'x', '||', '||||', '| |', '1', '^', '~', '~>', '>', '>=', '=', 'v', '-', ' - ', '1 - ', ' - 1', '1 -1', '1- 1',
  '1.2.3*', '*1.2.3', '1.2.3*4', '1.2*', '**', '>=*1.2.3', '^*', '~*', '^1.2.3*', '>=0.0.0*', 'x.1', '1.x.2', '*.1.2', '>x.1', '=*',
  '+b', '+b 1.2.3', '1.2.3 +b', '1 - +b 2', '1 - 2 +b +c', '+a +b 1 - 2', '++a', '1.2+b', '^ +b 1.2.3', '>+b 1',
  '>=0.0.0', '>=0.0.0-0', '>=v0.0.0', '>= 0.0.0', '>=00.0.0', '>=0', '<0', '<0.0.0', '<0.0.0-0', '<0.0.0-00', '>0 <0', '^0', '^00', '^0.0.0-0', '^0.0.0',
  '0.x', '>=0.0.x', '=0.0.x', 'latest', '^latest', 'a || 1', 'a', '1 a', 'a 1', '1.2.3 foo 1.2.4', '!=1', '1.2.3,1.2.4', '>1.2.3 <1.2.3', '1 2',
  'v 1.2.3', '= 1.2.3', '>= v 1', '> = 1', '~> 1', '~ > 1', '~ 1', '^ 1', '~  1', '^ v 1', '>1.2.3>1.2.4', 'foo> 1.2.3', '< 1.2.3-v < 2', '1.2.3-v 1.2.4',
  '1.2.3-', '1.2.3--', '1.2.3-.', '1.2.3-01', '^1.2.3-01', '^1.2.3beta', '~1.2.3beta.01', '1.2.x-beta', '1.2.xbeta', '1.2.x1', '1.2.3.4',
  '1.2.x-' + 'a'.repeat(251), '1.2.x-' + 'a'.repeat(252), '1.2.3 1.2.3-' + 'a'.repeat(250), '1.2.3 1.2.3-' + 'a'.repeat(251), '1.2.3 1.2.3-' + 'a'.repeat(300),
  '^1.2.3-' + 'a'.repeat(250), '^1.2.3-' + 'a'.repeat(251), '^' + '0'.repeat(250) + '1.2.3', '~' + '0'.repeat(249) + '1.2.3', '~' + '0'.repeat(248) + '1.2.3', '~' + '0'.repeat(246) + '1.9.3',
  '~' + '0'.repeat(247) + '1.9.3', '>=' + '0'.repeat(252) + '1.x', '<=1' + '0'.repeat(21) + '.x', '1 <=1' + '0'.repeat(21) + '.x', '1 <1' + '0'.repeat(21) + '.x',
  '1 - 1' + '0'.repeat(21), '1.2.3 || 1 - 999999999999999999999', '<=9007199254740991', '<=9007199254740990', '^9007199254740991', '>1.9007199254740990',
  '1.2.3 || <=1.999999999999999999999', '~1.9007199254740991', '1.2.3-9007199254740992', '1.2.3-' + '1'.repeat(240), '^1.2.3 ^1.2.3 ^1.2.3', '>=1.2.3 >=1.2.3',
  many(40, (_, i) => '<=' + (i % 25) + '.0.0').join(' '), many(30, (_, i) => '^' + i).join('||')]

// --- published ranges

const published = new Set()
const publishedVersions = new Map()
for (const name of names) {
  const text = tryOr(() => execFileSync('npm', ['view', `${name}@*`, 'version', 'dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies', '--json'],
    { maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] }).toString(), '[]')
  const list = [].concat(JSON.parse(text || '[]'))
  publishedVersions.set(name, list.map(m => m.version).filter(Boolean))
  for (const m of list) {
    for (const field of ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies']) {
      for (const r of Object.values(m[field] ?? {})) if (typeof r === 'string') published.add(r)
    }
  }
}
const real = [...published].sort()

// --- versions

const near = r => {
  const out = new Set()
  for (const m of r.matchAll(/(\d{1,16})(?:\.(\d{1,16}))?(?:\.(\d{1,16}))?(-[0-9A-Za-z.-]+)?/g)) {
    if (out.size > 12) break
    const [M, n, p] = [m[1], m[2] ?? '0', m[3] ?? '0'].map(Number)
    const pre = (m[4] ?? '').slice(0, 40)
    out.add(`${M}.${n}.${p}${pre}`)
    const moves = [`${M}.${n}.${p}`, `${M}.${n}.${p + 1}`, `${M}.${n + 1}.0`, `${M + 1}.0.0`, `${M + 1}.0.0-0`, `${M}.${n + 1}.0-0`,
      `${M}.${n}.${p}-0`, `${M}.${n}.${p}-beta.1`, `${M}.${n}.${p + 1}-0`, `${M + 1}.0.0-rc`, `${M}.${Math.max(0, n - 1)}.9`]
    for (let i = 0; i < 3; i++) out.add(pick(moves))
  }
  return [...out]
}

const pool = []
const index = new Map()
const ref = v => {
  if (!index.has(v)) { index.set(v, pool.length); pool.push(v) }
  return index.get(v)
}
const odd = ['', ' ', '1.2.3', ' 1.2.3 ', '\ufeff1.2.3', '\u00a01.2.3\u2003', '\u00851.2.3', 'v1.2.3', 'V1.2.3', '=1.2.3', 'v =1.2.3', '1.2', '1', '1.2.3.4', '01.2.3', '1.02.3',
  '1.2.3-', '1.2.3--', '1.2.3-.a', '1.2.3-a.', '1.2.3-a..b', '1.2.3-01', '1.2.3-0', '1.2.3-00', '1.2.3beta', '1.2.3beta01', '1.2.3.beta', '1.2.3+', '1.2.3+b', '1.2.3+b.', '1.2.3+b+c',
  '1.2.3-a+b', '1.2.3+a-b', '1.2.3 a', 'a', 'x', '1.x.3', '9007199254740991.0.0', '9007199254740992.0.0', '0.0.9007199254740992', '1.2.3-9007199254740990', '1.2.3-9007199254740991',
  '1.2.3-9007199254740992', '1.2.3-9007199254740993', '1.2.3-09007199254740993', '1.2.3-' + 'a'.repeat(250), '1.2.3-' + 'a'.repeat(251), '1.2.3-' + 'é'.repeat(10),
  '\u3000'.repeat(251) + '1.2.3', '\u3000'.repeat(252) + '1.2.3', '0'.repeat(252) + '1.2.3', '1.2.3+' + 'b'.repeat(250), '1.2.3+' + 'b'.repeat(251), '-1.2.3', '1.-2.3', '+1.2.3', '1.2.3\n', '1.2.3\0']
odd.forEach(ref)
const lookalikes = ['1.2.3-0', '1.2.3-1', '1.2.3-01', '1.2.3-1.a', '1.2.3-a', '1.2.3-A', '1.2.3-a.1', '1.2.3-a.2', '1.2.3-a.10', '1.2.3-a-b', '1.2.3--', '1.2.3-0a', '1.2.3',
  '1.2.3-9007199254740990', '1.2.3-9007199254740991', '1.2.3-9007199254740992', '1.2.3-9007199254740993', '1.2.3-9007199254740992.1', '1.2.3-9007199254740993.0', '1.2.3+1', '1.2.3+01', '1.2.3+2', '1.2.3+a', '1.2.3-1+x']
lookalikes.forEach(ref)
many(2500, () => chance(0.7) ? version() : edit(version())).forEach(ref)
for (const list of publishedVersions.values()) list.slice(0, 80).forEach(ref)

const ranges = [...new Set([...fixed, ...real, ...many(6000, range), ...many(2500, () => edit(range())), ...many(1500, () => edit(pick(real.length ? real : fixed))), ...many(2000, cleanRange)])]

const rangeRows = ranges.map(r => {
  const texts = modes.map(o => tryOr(() => new semver.Range(r, o).range, null))
  if (texts.every(t => t === null)) return [r, 0]
  const versions = [...near(r).map(ref), ...many(2, () => below(pool.length))]
  // one hexadecimal digit per version: a bit per mode
  const verdicts = versions.map(v => modes.reduce((bits, o, i) => bits | (semver.satisfies(pool[v], r, o) ? 1 << i : 0), 0).toString(16)).join('')
  const same = list => list.every(t => t === list[0]) ? list[0] : list
  return [r, same(texts), versions, verdicts]
})

const versionRows = pool.map(v => {
  const show = o => tryOr(() => { const s = new semver.SemVer(v, o); return s.build.length ? `${s.version}+${s.build.join('.')}` : s.version }, null)
  const strict = show({})
  const loose = show({ loose: true })
  return strict === v && loose === v ? v : [v, strict, loose]
})
const valid = pool.map((v, i) => i).filter(i => semver.valid(pool[i], true) !== null)
const compares = many(12000, () => {
  const a = pick(valid)
  const b = chance(0.5) ? pick(valid) : ref(pool[a])
  return [a, b, semver.compareBuild(pool[a], pool[b], true), semver.compare(pool[a], pool[b], true)]
})
for (const a of lookalikes) for (const b of lookalikes) compares.push([ref(a), ref(b), semver.compareBuild(a, b, true), semver.compare(a, b, true)])

const releases = ['major', 'minor', 'patch', 'premajor', 'preminor', 'prepatch', 'prerelease', 'release', 'pre']
const incRows = many(2500, () => {
  const v = chance(0.7) ? pool[pick(valid)] : clean()
  const release = chance(0.97) ? pick(releases) : pick(['', 'foo', 'prefoo'])
  const id = chance(0.5) ? '' : pick(['alpha', 'beta', 'beta.1', 'rc', 'a.b', '1', '01', 'a b', 'é', '-', '0', 'alpha.', dotted(), semver.prerelease(v, true)?.join('.') ?? 'x'])
  const base = pick([undefined, '0', '1', false])
  return [v, release, id, base === undefined ? '' : String(base), semver.inc(v, release, {}, id || undefined, base), semver.inc(v, release, { loose: true }, id || undefined, base)]
})

const pairRows = many(6000, () => {
  const a = chance(0.7) ? cleanRange() : pick(ranges)
  const b = chance(0.15) ? a : chance(0.75) ? cleanRange() : pick(ranges)
  const bits = f => modes.map(o => tryOr(() => f(o) ? '1' : '0', 'e')).join('')
  return [a, b, bits(o => semver.intersects(a, b, o)), bits(o => semver.subset(String(a), String(b), o))]
}).filter(row => row[2] !== 'eeee')

const lines = [
  ['about', `node-semver ${require(path.resolve(semverPath, 'package.json')).version}`],
  ['versions', versionRows], ['ranges', rangeRows], ['compares', compares], ['incs', incRows], ['pairs', pairRows],
]
const json = '{' + lines.map(([k, v]) => JSON.stringify(k) + ':' + JSON.stringify(v)).join(',\n') + '}\n'
const gz = gzipSync(json, { level: 9 })
writeFileSync(new URL('verdicts.json.gz', import.meta.url), gz)
const triples = rangeRows.reduce((n, row) => n + (row[2]?.length ?? 0) * 4, 0)
console.log(`${gz.length} bytes: ${ranges.length} ranges (${real.length} published), ${triples} triples, ${pool.length} versions, ${compares.length} compares, ${incRows.length} incs, ${pairRows.length} pairs`)
