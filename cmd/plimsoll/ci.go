package main

import "plimsoll/report"

// variables are where what is carried out by a service finds out about it: of
// GitHub, GitLab, Jenkins, Azure, CircleCI, Travis, Bitbucket, Buildkite and Drone.
var variables = struct{ branch, commit []string }{
	branch: []string{
		"GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "BRANCH_NAME", "GIT_BRANCH", "BUILD_SOURCEBRANCHNAME",
		"CIRCLE_BRANCH", "TRAVIS_BRANCH", "BITBUCKET_BRANCH", "BUILDKITE_BRANCH", "DRONE_BRANCH",
	},
	commit: []string{
		"GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "BUILD_SOURCEVERSION",
		"CIRCLE_SHA1", "TRAVIS_COMMIT", "BITBUCKET_COMMIT", "BUILDKITE_COMMIT", "DRONE_COMMIT_SHA",
	},
}

// ci is what the environment tells of whoever carries the program out.
func ci(variable func(name string) string) report.CI {
	first := func(names []string) string {
		for _, name := range names {
			if value := variable(name); value != "" {
				return value
			}
		}
		return ""
	}
	return report.CI{Branch: first(variables.branch), Commit: first(variables.commit), Summary: variable("GITHUB_STEP_SUMMARY")}
}
