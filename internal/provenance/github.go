package provenance

import "strings"

// GitHub is the statement of a job of GitHub Actions.
func GitHub(job Job, s Subject) ([]byte, error) {
	r := &reader{job: job}
	repository := r.need("GITHUB_REPOSITORY")
	home := r.need("GITHUB_SERVER_URL") + "/" + repository
	// OWNER/REPOSITORY/PATH@REF
	path, ref, _ := strings.Cut(strings.Replace(r.need("GITHUB_WORKFLOW_REF"), repository+"/", "", 1), "@")
	predicate := object{
		{"buildDefinition", object{
			{"buildType", "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1"},
			{"externalParameters", object{{"workflow", object{{"ref", ref}, {"repository", home}, {"path", path}}}}},
			{"internalParameters", object{{"github", object{
				{"event_name", r.need("GITHUB_EVENT_NAME")},
				{"repository_id", r.need("GITHUB_REPOSITORY_ID")},
				{"repository_owner_id", r.need("GITHUB_REPOSITORY_OWNER_ID")},
			}}}},
			{"resolvedDependencies", []object{{
				{"uri", "git+" + home + "@" + r.need("GITHUB_REF")},
				{"digest", object{{"gitCommit", r.need("GITHUB_SHA")}}},
			}}},
		}},
		{"runDetails", object{
			{"builder", object{{"id", "https://github.com/actions/runner/" + r.need("RUNNER_ENVIRONMENT")}}},
			{"metadata", object{{"invocationId", home + "/actions/runs/" + r.need("GITHUB_RUN_ID") + "/attempts/" + r.need("GITHUB_RUN_ATTEMPT")}}},
		}},
	}
	return r.statement("https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1", s, predicate)
}
