package testreg

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// A publication is the body of "npm publish": one version with its tarball, or
// a packument sent back by "npm deprecate".
type publication struct {
	Name        string                `json:"name"`
	Tags        map[string]string     `json:"dist-tags"`
	Versions    map[string]object     `json:"versions"`
	Attachments map[string]attachment `json:"_attachments"`
	Access      string                `json:"access"`
}

type attachment struct {
	Data string `json:"data"` // base64 of a tarball, or a bundle as it is
}

// publish keeps what was sent and serves it from then on. r.mu is held.
func (r *Registry) publish(x *exchange, body []byte) {
	var pub publication
	if err := json.Unmarshal(body, &pub); err != nil || pub.Name != x.route.name {
		x.refuse(http.StatusBadRequest, "the document is not a packument of "+x.route.name)
		return
	}
	p := r.fx.packages[pub.Name]
	if p == nil && len(pub.Versions) == 0 {
		x.refuse(http.StatusNotFound, "Not found")
		return
	}
	for ver := range pub.Versions {
		if p != nil && p.version(ver) != nil && len(pub.Attachments) > 0 {
			x.refuse(http.StatusForbidden, "You cannot publish over the previously published versions: "+ver+".")
			return
		}
	}
	for ver, manifest := range pub.Versions {
		if old := r.fx.packages[pub.Name]; len(pub.Attachments) == 0 {
			if old == nil || old.version(ver) == nil {
				x.refuse(http.StatusBadRequest, "no tarball was sent for "+pub.Name+"@"+ver)
				return
			}
			old.version(ver).deprecated = manifest.text("deprecated")
			continue
		}
		if err := r.add(pub, ver, manifest); err != nil {
			x.refuse(http.StatusBadRequest, err.Error())
			return
		}
	}
	for tag, ver := range pub.Tags {
		r.fx.pkg(pub.Name).tags[tag] = ver
	}
	x.json(http.StatusCreated, object{{"ok", true}, {"success", true}})
}

// add keeps one published version.
func (r *Registry) add(pub publication, ver string, manifest object) error {
	v := r.fx.version(pub.Name, ver)
	v.manifest = manifest // its dist is never served: see document
	for name, a := range pub.Attachments {
		if strings.HasSuffix(name, ".sigstore") {
			v.bundle = json.RawMessage(a.Data)
			continue
		}
		tarball, err := base64.StdEncoding.DecodeString(a.Data)
		if err != nil {
			return fmt.Errorf("%s is no base64", name)
		}
		v.tarball = tarball
	}
	if pub.Access != "" {
		r.fx.pkg(pub.Name).access = pub.Access
	}
	return nil
}

// serveTags lists, sets or removes dist-tags. The registry's lock is held.
func (p *pkg) serveTags(x *exchange, body []byte) {
	tag := x.route.rest
	switch x.request.Method {
	case http.MethodGet:
		x.json(http.StatusOK, p.distTags())
	case http.MethodPut, http.MethodPost:
		var ver string
		if err := json.Unmarshal(body, &ver); err != nil || p.version(ver) == nil || tag == "" {
			x.refuse(http.StatusBadRequest, "the body is not a version of "+p.name)
			return
		}
		p.tags[tag] = ver
		x.json(http.StatusOK, p.distTags())
	case http.MethodDelete:
		if p.tags[tag] == "" || tag == "latest" {
			x.refuse(http.StatusNotFound, "no such dist-tag: "+tag)
			return
		}
		delete(p.tags, tag)
		x.json(http.StatusOK, p.distTags())
	default:
		x.refuse(http.StatusMethodNotAllowed, "Method not allowed")
	}
}
