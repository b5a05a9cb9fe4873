package cli

import (
	"encoding/json"
	"io"

	"godwit/internal/graph"
	"godwit/internal/peers"
)

// peersJSON is what peers check --json prints for one importer: the form of
// pnpm's command, and the packages that exist in several copies.
type peersJSON struct {
	Bad           map[string][]peerJSON `json:"bad"`
	Missing       map[string][]peerJSON `json:"missing"`
	Conflicts     []string              `json:"conflicts"`     // missing peers of which no version suits all
	Intersections map[string]string     `json:"intersections"` // missing peer -> range that suits all
	Copies        []copyJSON            `json:"copies"`
}

type peerJSON struct {
	Parents      []stepJSON `json:"parents"` // the last one declares the peer
	Optional     bool       `json:"optional"`
	WantedRange  string     `json:"wantedRange"`
	FoundVersion string     `json:"foundVersion,omitempty"`
	ResolvedFrom []stepJSON `json:"resolvedFrom,omitempty"`
}

type stepJSON struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type copyJSON struct {
	Package  string        `json:"package"`
	Variants []variantJSON `json:"variants"`
}

type variantJSON struct {
	Key     string            `json:"key"`
	Peers   map[string]string `json:"peers"`             // those that differ; "" is none
	Parents []stepJSON        `json:"parents,omitempty"` // the shortest way from this importer, if it has this copy
}

func printPeersJSON(w io.Writer, checked []peerReport) error {
	out := map[string]*peersJSON{}
	for _, r := range checked {
		r.json(out)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// json adds the projects of a lockfile by their directories.
func (r *peerReport) json(out map[string]*peersJSON) {
	g, issues, copies := r.graph, r.issues, r.copies
	for _, im := range g.Importers {
		p := &peersJSON{Bad: map[string][]peerJSON{}, Missing: map[string][]peerJSON{}, Conflicts: []string{}, Copies: []copyJSON{}}
		var own []peers.Issue
		for _, i := range issues {
			if i.Importer == im.Dir {
				own = append(own, i)
				p.add(g, i)
			}
		}
		p.Intersections, p.Conflicts = peers.Intersections(own)
		if p.Conflicts == nil {
			p.Conflicts = []string{}
		}
		for _, c := range copies {
			p.addCopy(g, im.Dir, c)
		}
		out[im.Dir] = p
	}
}

func (p *peersJSON) add(g *graph.Graph, i peers.Issue) {
	list := p.Bad
	if i.Missing() {
		list = p.Missing
	}
	for _, chain := range i.Chains {
		list[i.Peer] = append(list[i.Peer], peerJSON{
			Parents: steps(g, chain), Optional: i.Optional, WantedRange: i.Wanted,
			FoundVersion: i.Found, ResolvedFrom: steps(g, i.From),
		})
	}
}

// addCopy adds a package that the importer has at least one copy of.
func (p *peersJSON) addCopy(g *graph.Graph, importer string, c peers.Copy) {
	out := copyJSON{Package: string(c.ID)}
	here := false
	for _, v := range c.Variants {
		j := variantJSON{Key: string(v.Key), Peers: map[string]string{}}
		for _, s := range v.Peers {
			j.Peers[s.Peer] = string(s.Key)
		}
		for _, at := range v.Where {
			if at.Importer == importer {
				j.Parents, here = steps(g, at.Chain), true
			}
		}
		out.Variants = append(out.Variants, j)
	}
	if here {
		p.Copies = append(p.Copies, out)
	}
}

func steps(g *graph.Graph, chain peers.Chain) []stepJSON {
	var out []stepJSON
	for _, key := range chain {
		if p := g.Packages[key]; p != nil {
			out = append(out, stepJSON{string(p.Name), p.Version})
		}
	}
	return out
}
