package turns

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns, tired := New(2), errors.New("tired")
		ctx, cancel := context.WithCancelCause(t.Context())
		first, _ := turns.Take(ctx)
		_, err := turns.Take(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var waited error
		go func() {
			done, err := turns.Take(ctx)
			waited = err
			done() // of a turn that was not taken
		}()
		synctest.Wait()
		cancel(tired)
		synctest.Wait()
		if !errors.Is(waited, tired) {
			t.Errorf("waiting ended with %v", waited)
		}
		third := make(chan func())
		go func() {
			done, _ := turns.Take(context.Background())
			third <- done
		}()
		synctest.Wait()
		select {
		case <-third:
			t.Fatal("a third one has a turn")
		default:
		}
		first()
		(<-third)()
	})
}
