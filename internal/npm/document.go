package npm

import (
	"fmt"
	"io"

	"godwit/internal/npm/jsonscan"
)

// Document is what the registry sent, for whoever shows it to people.
type Document struct {
	// Fields has every member but the versions, in order, as JSON.
	Fields []Member
	// Versions has the manifests, by the keys of the document, as JSON.
	Versions map[string][]byte
}

// Member is a member of an object.
type Member struct {
	Name  string
	Value []byte
}

// Document reads the whole document once more.
func (p *Packument) Document() (*Document, error) {
	body := *p.body.Load()
	data, inMemory := body.(Bytes)
	if !inMemory {
		data = make([]byte, body.Size())
		if _, err := body.ReadAt(data, 0); err != nil && err != io.EOF {
			return nil, fmt.Errorf("packument of %s: %w", p.Name, err)
		}
	}
	d := &Document{Versions: map[string][]byte{}}
	s := jsonscan.New(data)
	for key := range s.Members() {
		name := string(key)
		if name != "versions" {
			d.Fields = append(d.Fields, Member{name, s.Value()})
			continue
		}
		for v := range s.Members() {
			version := string(v) // v is only good until the value is read
			d.Versions[version] = s.Value()
		}
	}
	return d, s.Err()
}
