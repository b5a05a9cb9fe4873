package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// grace is how long a measuring process has to kill what it started.
const grace = 5 * time.Second

// Measure runs c in a fresh process started as self, which must call Serve.
func Measure(ctx context.Context, self []string, c Command) (Outcome, error) {
	in, err := json.Marshal(c)
	if err != nil {
		return Outcome{}, err
	}
	cmd := exec.CommandContext(ctx, self[0], self[1:]...)
	cmd.Stdin = bytes.NewReader(in)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	// The measured process has its own group: only its parent can end it all.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = grace
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return Outcome{}, ctx.Err()
		}
		if said.Len() > 0 {
			err = errors.New(strings.TrimSpace(said.String()))
		}
		return Outcome{}, fmt.Errorf("measure %s: %w", c.Path, err)
	}
	var o Outcome
	if err := json.Unmarshal(out.Bytes(), &o); err != nil {
		return Outcome{}, fmt.Errorf("measure %s: its outcome: %w", c.Path, err)
	}
	return o, nil
}
