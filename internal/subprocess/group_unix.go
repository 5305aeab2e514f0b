//go:build unix

package subprocess

import (
	"os/exec"
	"syscall"
)

// killGroup has cmd.Cancel kill cmd with all that it started.
func killGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
