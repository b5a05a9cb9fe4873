package config

import "strings"

// ciVendor recognises a CI service by its variables. Names and variables are
// ci-info's (vendors.json, the copy in npm 11).
type ciVendor struct {
	name string
	vars string // all of them set; "A=b" asks for that value, "A~b" for a part of it
}

var ciVendors = []ciVendor{
	{"Agola CI", "AGOLA_GIT_REF"},
	{"Alpic", "ALPIC_HOST"},
	{"Appcircle", "AC_APPCIRCLE"},
	{"AppVeyor", "APPVEYOR"},
	{"AWS CodeBuild", "CODEBUILD_BUILD_ARN"},
	{"Azure Pipelines", "TF_BUILD"},
	{"Bamboo", "bamboo_planKey"},
	{"Bitbucket Pipelines", "BITBUCKET_COMMIT"},
	{"Bitrise", "BITRISE_IO"},
	{"Buddy", "BUDDY_WORKSPACE_ID"},
	{"Buildkite", "BUILDKITE"},
	{"CircleCI", "CIRCLECI"},
	{"Cirrus CI", "CIRRUS_CI"},
	{"Cloudflare Pages", "CF_PAGES"},
	{"Cloudflare Workers", "WORKERS_CI"},
	{"Codefresh", "CF_BUILD_ID"},
	{"Codemagic", "CM_BUILD_ID"},
	{"Codeship", "CI_NAME=codeship"},
	{"Drone", "DRONE"},
	{"dsari", "DSARI"},
	{"Earthly", "EARTHLY_CI"},
	{"Expo Application Services", "EAS_BUILD"},
	{"Gerrit", "GERRIT_PROJECT"},
	{"Gitea Actions", "GITEA_ACTIONS"},
	{"GitHub Actions", "GITHUB_ACTIONS"},
	{"GitLab CI", "GITLAB_CI"},
	{"GoCD", "GO_PIPELINE_LABEL"},
	{"Google Cloud Build", "BUILDER_OUTPUT"},
	{"Harness CI", "HARNESS_BUILD_ID"},
	{"Heroku", "NODE~/app/.heroku/node/bin/node"},
	{"Hudson", "HUDSON_URL"},
	{"Jenkins", "JENKINS_URL BUILD_ID"},
	{"LayerCI", "LAYERCI"},
	{"Magnum CI", "MAGNUM"},
	{"Netlify CI", "NETLIFY"},
	{"Nevercode", "NEVERCODE"},
	{"Prow", "PROW_JOB_ID"},
	{"ReleaseHub", "RELEASE_BUILD_ID"},
	{"Render", "RENDER"},
	{"Sail CI", "SAILCI"},
	{"Screwdriver", "SCREWDRIVER"},
	{"Semaphore", "SEMAPHORE"},
	{"Sourcehut", "CI_NAME=sourcehut"},
	{"Strider CD", "STRIDER"},
	{"TaskCluster", "TASK_ID RUN_ID"},
	{"TeamCity", "TEAMCITY_VERSION"},
	{"Travis CI", "TRAVIS"},
	{"Vela", "VELA"},
	{"Vercel", "NOW_BUILDER"},
	{"Vercel", "VERCEL"},
	{"Visual Studio App Center", "APPCENTER_BUILD_ID"},
	{"Woodpecker", "CI=woodpecker"},
	{"Xcode Cloud", "CI_XCODE_PROJECT"},
	{"Xcode Server", "XCS"},
}

// ciVars are set by several services, or by those without a row of their own
// (ci-info, index.js).
var ciVars = []string{"BUILD_ID", "BUILD_NUMBER", "CI", "CI_APP_ID", "CI_BUILD_ID",
	"CI_BUILD_NUMBER", "CI_NAME", "CONTINUOUS_INTEGRATION", "RUN_ID"}

// detectCI reports whether this is a CI service, and its name if it is one of
// the known ones. CI=false overrules everything.
func detectCI(env environ) (vendor string, ci bool) {
	if v, _ := env.lookup("CI"); v == "false" {
		return "", false
	}
	name, _ := env.first(ciVars...)
	ci = name != ""
	for _, v := range ciVendors { // the last one counts, as in ci-info
		if v.present(env) {
			vendor, ci = v.name, true
		}
	}
	return vendor, ci
}

func (v ciVendor) present(env environ) bool {
	for want := range strings.FieldsSeq(v.vars) {
		name, value, exact := strings.Cut(want, "=")
		name, part, _ := strings.Cut(name, "~")
		got, _ := env.lookup(name)
		if got == "" || exact && got != value || !strings.Contains(got, part) {
			return false
		}
	}
	return true
}
