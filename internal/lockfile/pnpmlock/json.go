package pnpmlock

import (
	"errors"

	"godwit/internal/graph"
	"godwit/internal/lockfile/pnpmlock/yamltree"
)

// JSON is the document as hooks of pnpm see it: what Append writes, as JSON on
// one line, without the env document.
func (d *Document) JSON(opts WriteOptions) []byte {
	e := encoder{doc: d, opts: opts}
	root := e.root()
	sortLockfile(root)
	return yamltree.AppendJSON(nil, root)
}

// FromJSON is the document that such JSON stands for. The name is for messages.
func FromJSON(name string, data []byte) (*Document, error) {
	root, err := yamltree.FromJSON(data)
	if err == nil && root.Kind != yamltree.Map {
		err = root.Errorf("a lockfile is a map of sections")
	}
	if err != nil {
		return nil, notALockfile(name, err)
	}
	if err := checkVersion(name, root); err != nil {
		return nil, err
	}
	d := decoder{doc: &Document{Graph: &graph.Graph{}}}
	if err := d.document(root); err != nil {
		return nil, notALockfile(name, err)
	}
	return d.doc, nil
}

func notALockfile(name string, err error) error {
	err = broken(name, err)
	if e, ok := errors.AsType[*Error](err); ok {
		e.hint = "correct the hook, or go on without it: --ignore-pnpmfile"
	}
	return err
}
