//go:build !unix

package subprocess

import "os/exec"

// killGroup has cmd.Cancel kill cmd; what it started sees its pipes end.
func killGroup(cmd *exec.Cmd) {
	cmd.Cancel = func() error { return cmd.Process.Kill() }
}
