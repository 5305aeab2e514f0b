//go:build !unix

package command

import "os/exec"

// killGroup has cmd killed; what it started sees its pipes end.
func killGroup(cmd *exec.Cmd) {
	cmd.Cancel = func() error { return cmd.Process.Kill() }
}
