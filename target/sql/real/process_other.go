//go:build !linux

package real

import (
	"errors"
	"os/exec"
)

// runs tells that servers can be started here.
const runs = false

type identity struct{}

func nobody(string) identity { return identity{} }

func (identity) own(string) error { return errors.ErrUnsupported }

func (s *Server) cmd(args ...string) *exec.Cmd { return exec.Command(args[0], args[1:]...) }

// Freeze stops all its processes where they are; Thaw lets them go on.
func (s *Server) Freeze() {}

// Thaw lets a frozen server go on.
func (s *Server) Thaw() {}

// Kill ends all its processes at once, without a word.
func (s *Server) Kill() {}
