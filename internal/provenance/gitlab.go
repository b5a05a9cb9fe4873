package provenance

import "strings"

// parameters are the variables of a job that its statement lists, those that are
// set: none of them is a secret (libnpmpublish 11).
const parameters = `
CI CI_API_GRAPHQL_URL CI_API_V4_URL CI_BUILD_BEFORE_SHA CI_BUILD_ID CI_BUILD_NAME CI_BUILD_REF CI_BUILD_REF_NAME
CI_BUILD_REF_SLUG CI_BUILD_STAGE CI_COMMIT_BEFORE_SHA CI_COMMIT_BRANCH CI_COMMIT_REF_NAME CI_COMMIT_REF_PROTECTED
CI_COMMIT_REF_SLUG CI_COMMIT_SHA CI_COMMIT_SHORT_SHA CI_COMMIT_TIMESTAMP CI_COMMIT_TITLE CI_CONFIG_PATH
CI_DEFAULT_BRANCH CI_DEPENDENCY_PROXY_DIRECT_GROUP_IMAGE_PREFIX CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX
CI_DEPENDENCY_PROXY_SERVER CI_DEPENDENCY_PROXY_USER CI_JOB_ID CI_JOB_NAME CI_JOB_NAME_SLUG CI_JOB_STAGE
CI_JOB_STARTED_AT CI_JOB_URL CI_NODE_TOTAL CI_PAGES_DOMAIN CI_PAGES_URL CI_PIPELINE_CREATED_AT CI_PIPELINE_ID
CI_PIPELINE_IID CI_PIPELINE_SOURCE CI_PIPELINE_URL CI_PROJECT_CLASSIFICATION_LABEL CI_PROJECT_DESCRIPTION
CI_PROJECT_ID CI_PROJECT_NAME CI_PROJECT_NAMESPACE CI_PROJECT_NAMESPACE_ID CI_PROJECT_PATH CI_PROJECT_PATH_SLUG
CI_PROJECT_REPOSITORY_LANGUAGES CI_PROJECT_ROOT_NAMESPACE CI_PROJECT_TITLE CI_PROJECT_URL CI_PROJECT_VISIBILITY
CI_REGISTRY CI_REGISTRY_IMAGE CI_REGISTRY_USER CI_RUNNER_DESCRIPTION CI_RUNNER_ID CI_RUNNER_TAGS CI_SERVER_HOST
CI_SERVER_NAME CI_SERVER_PORT CI_SERVER_PROTOCOL CI_SERVER_REVISION CI_SERVER_SHELL_SSH_HOST CI_SERVER_SHELL_SSH_PORT
CI_SERVER_URL CI_SERVER_VERSION CI_SERVER_VERSION_MAJOR CI_SERVER_VERSION_MINOR CI_SERVER_VERSION_PATCH
CI_TEMPLATE_REGISTRY_HOST GITLAB_CI GITLAB_FEATURES GITLAB_USER_ID GITLAB_USER_LOGIN
RUNNER_GENERATE_ARTIFACTS_METADATA
`

// GitLab is the statement of a job of GitLab CI.
func GitLab(job Job, s Subject) ([]byte, error) {
	r := &reader{job: job}
	project := r.need("CI_PROJECT_URL")
	var listed object
	for name := range strings.FieldsSeq(parameters) {
		listed = append(listed, member{name, r.may(name)})
	}
	commit := object{{"sha1", r.may("CI_COMMIT_SHA")}}
	predicate := object{
		{"buildType", "https://github.com/npm/cli/gitlab/v0alpha1"},
		{"builder", object{{"id", project + "/-/runners/" + r.need("CI_RUNNER_ID")}}},
		{"invocation", object{
			{"configSource", object{{"uri", "git+" + project}, {"digest", commit}, {"entryPoint", r.may("CI_JOB_NAME")}}},
			{"parameters", listed},
			{"environment", object{
				{"name", r.may("CI_RUNNER_DESCRIPTION")},
				{"architecture", r.may("CI_RUNNER_EXECUTABLE_ARCH")},
				{"server", r.may("CI_SERVER_URL")},
				{"project", r.may("CI_PROJECT_PATH")},
				{"job", object{{"id", r.may("CI_JOB_ID")}}},
				{"pipeline", object{{"id", r.may("CI_PIPELINE_ID")}, {"ref", r.may("CI_CONFIG_PATH")}}},
			}},
		}},
		{"metadata", object{
			{"buildInvocationId", r.need("CI_JOB_URL")},
			{"completeness", object{{"parameters", true}, {"environment", true}, {"materials", false}}},
			{"reproducible", false},
		}},
		{"materials", []object{{{"uri", "git+" + project}, {"digest", commit}}}},
	}
	return r.statement("https://in-toto.io/Statement/v0.1", "https://slsa.dev/provenance/v0.2", s, predicate)
}

// may is a variable, or nil, which is left out.
func (r *reader) may(name string) any {
	if value, ok := r.job(name); ok {
		return value
	}
	return nil
}
