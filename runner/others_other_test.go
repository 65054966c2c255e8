//go:build !linux

package runner_test

const onLinux = false

func burns(string) {}
