package cli

// example is a command line, and what it does.
type example struct{ line, does string }

// examples are what help shows before the flags, by command: the two or three calls
// that most people want, with the flags that they look for.
var examples = map[string][]example{
	"install": {
		{"godwit install", "what package.json and the lockfile ask for"},
		{"godwit install --frozen-lockfile", "fail if the lockfile does not fit"},
		{"godwit install --prod --filter app", "one project of a workspace, without devDependencies"},
	},
	"ci": {{"godwit ci --omit=dev", "the lockfile's packages without devDependencies"}},
	"add": {
		{"godwit add react react-dom", "the latest versions, to dependencies"},
		{"godwit add -D typescript@5", "a range, to devDependencies"},
		{"godwit add -E zod --filter app", "the exact version, to one project of a workspace"},
		{"godwit add -g serve", "a command for all projects"},
	},
	"remove": {{"godwit remove left-pad", ""}, {"godwit remove -r left-pad", "from all projects of a workspace"}},
	"update": {
		{"godwit update", "everything, within the ranges of package.json"},
		{"godwit update --latest react 'react-*'", "some packages, whatever the ranges say"},
		{"godwit update -i", "choose from a list"},
	},
	"link":  {{"godwit link ../left-pad", "use that directory in place of the package"}, {"godwit unlink left-pad", "take it back"}},
	"patch": {{"godwit patch left-pad", "then edit the files, and godwit patch-commit with the directory that it names"}},
	"import": {
		{"godwit import", "a pnpm-lock.yaml of the lockfile that there is"},
		{"godwit import --to=npm", "a package-lock.json"},
	},
	"dedupe": {{"godwit dedupe --check", "change nothing, and fail if something would change"}},
	"fetch":  {{"godwit fetch --prod", "in an image, before the sources are copied"}},
	"deploy": {{"godwit deploy --filter app --prod out", ""}},
	"approve-builds": {
		{"godwit approve-builds", "ask about each package that waits"},
		{"godwit approve-builds esbuild !core-js", "say yes to one, and no to another"},
	},
	"run": {
		{"godwit run build", "or godwit build"},
		{"godwit run test --watch", "a flag for the script; in npm's projects: -- --watch"},
		{"godwit run -r --parallel dev", "in all projects of a workspace at once"},
		{"godwit run --filter 'app...' build", "in one project and all that it depends on"},
	},
	"exec": {{"godwit exec tsc --noEmit", "or godwit tsc --noEmit"}, {"godwit exec -r -- rm -rf dist", "in all projects of a workspace"}},
	"dlx":  {{"godwit dlx cowsay hello", ""}, {"godwit dlx --package=typescript@5 tsc --version", "a command of another name"}},
	"npx":  {{"gwx eslint .", "the project's eslint, or else the registry's"}},
	"create": {
		{"godwit create vite my-app --template react-ts", ""},
		{"godwit create next-app@latest my-app", ""},
	},
	"list": {
		{"godwit list --depth 0", "the dependencies themselves"},
		{"godwit list 'babel-*'", "where such packages are"},
		{"godwit list -r --json", "of all projects, for programs"},
	},
	"why":      {{"godwit why semver", ""}},
	"query":    {{"godwit query ':root > .dev'", "the devDependencies"}},
	"outdated": {{"godwit outdated", ""}, {"godwit outdated -r --json", "of all projects, for programs"}},
	"audit": {
		{"godwit audit --audit-level=high --prod", "fail on high and critical ones in production"},
		{"godwit audit fix", "raise what the ranges allow"},
	},
	"view":    {{"godwit view react version", "the latest version"}, {"godwit view react versions --json", ""}},
	"diff":    {{"godwit diff --diff=zod@3.22.0 --diff=zod@3.23.0", ""}},
	"version": {{"godwit version minor", "write, commit and tag it"}, {"godwit version 2.0.0-rc.1 --no-git-tag-version", "write it only"}},
	"pack":    {{"godwit pack --dry-run", "what would be in the tarball"}},
	"publish": {
		{"godwit publish --dry-run", "what would be sent"},
		{"godwit publish -r --access public", "all projects with new versions"},
		{"godwit publish --tag next", "a prerelease"},
	},
	"dist-tag": {{"godwit dist-tag add left-pad@1.3.0 next", ""}},
	"config":   {{"godwit config list", "what is set, and where"}, {"godwit config set save-exact true --location=project", ""}},
	"pkg":      {{"godwit pkg get version", ""}, {"godwit pkg set type=module scripts.test=vitest", ""}},
	"store":    {{"godwit store path", "what CI should keep"}, {"godwit store prune", "remove what no project uses"}},
	"cache":    {{"godwit cache pack", "for CI: one file with what the lockfile needs"}, {"godwit cache clean --force", "forget all that is known of registries"}},
}
