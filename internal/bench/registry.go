package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"godwit/internal/bench/replay"
)

// Registry is the control of a replay registry that runs in another process.
type Registry struct {
	Control string // URL
	Client  *http.Client
}

// call asks for one control action and returns the counts it reports.
func (r Registry) call(ctx context.Context, method, action string) (replay.Stats, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.Control+"/"+action, nil)
	if err != nil {
		return replay.Stats{}, err
	}
	res, err := r.Client.Do(req)
	if err != nil {
		return replay.Stats{}, fmt.Errorf("replay registry: %w", err)
	}
	defer res.Body.Close()
	var s replay.Stats
	if err := json.NewDecoder(res.Body).Decode(&s); err != nil {
		return s, fmt.Errorf("replay registry: %s: %w", action, err)
	}
	return s, nil
}

// reset returns the counts so far and starts anew.
func (r Registry) reset(ctx context.Context) (replay.Stats, error) {
	return r.call(ctx, http.MethodPost, "reset")
}

// thaw lets misses go upstream, where there is an upstream.
func (r Registry) thaw(ctx context.Context) error {
	_, err := r.call(ctx, http.MethodPost, "thaw")
	return err
}

func (r Registry) freeze(ctx context.Context) error {
	_, err := r.call(ctx, http.MethodPost, "freeze")
	return err
}
