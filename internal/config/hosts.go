package config

import (
	"maps"
	"slices"
)

// All lists what is known about every host, in the order of prefixes.
func (r *Registries) All() []Credentials {
	var out []Credentials
	for _, key := range slices.Sorted(maps.Keys(r.hosts)) {
		c := r.hosts[key].credentials()
		c.Prefix = r.hosts[key].prefix
		out = append(out, c)
	}
	return out
}
