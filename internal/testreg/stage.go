package testreg

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// staged is a publication that waits for approval.
type staged struct {
	id, name, version, tag string
	body                   []byte // of the publication
}

// item is what is told of it.
func (s *staged) item() object {
	return object{
		{"id", s.id}, {"packageName", s.name}, {"version", s.version}, {"tag", s.tag}, {"createdAt", "2020-01-01T10:00:00.000Z"},
		{"actor", "tester"}, {"actorType", "user"}, {"shasum", "7ff8f014f24fca240ddc72cde713bd04349e4614"}, {"access", "public"}, {"note", nil},
	}
}

// serveStage takes, lists, shows, approves and rejects what is staged. r.mu is held.
func (r *Registry) serveStage(x *exchange, body []byte) {
	if x.route.name != "" && x.request.Method == http.MethodPost {
		r.stage(x, body)
		return
	}
	id, what, _ := strings.Cut(x.route.rest, "/")
	at := slices.IndexFunc(r.staged, func(s *staged) bool { return s.id == id })
	switch {
	case id == "" && x.request.Method == http.MethodGet:
		r.listStaged(x)
	case at < 0:
		x.refuse(http.StatusNotFound, "Not found")
	case what == "tarball":
		x.status, x.body = http.StatusOK, r.staged[at].tarball()
	case what == "approve" && x.request.Method == http.MethodPost:
		x.route = route{kind: kindPublish, name: r.staged[at].name}
		r.publish(x, r.staged[at].body)
		r.staged = slices.Delete(r.staged, at, at+1)
	case x.request.Method == http.MethodDelete:
		r.staged = slices.Delete(r.staged, at, at+1)
		x.status = http.StatusNoContent
	default:
		x.json(http.StatusOK, r.staged[at].item())
	}
}

func (r *Registry) stage(x *exchange, body []byte) {
	var pub publication
	if err := json.Unmarshal(body, &pub); err != nil || pub.Name != x.route.name || len(pub.Versions) != 1 {
		x.refuse(http.StatusBadRequest, "the document is not a packument of "+x.route.name)
		return
	}
	s := &staged{id: fmt.Sprintf("00000000-0000-4000-8000-%012d", len(r.staged)+1), name: pub.Name, body: body}
	for ver := range pub.Versions {
		s.version = ver
	}
	for tag := range pub.Tags {
		s.tag = tag
	}
	r.staged = append(r.staged, s)
	x.json(http.StatusCreated, object{{"stageId", s.id}})
}

// listStaged gives as many as are asked for.
func (r *Registry) listStaged(x *exchange) {
	query := x.request.URL.Query()
	var page, size int
	fmt.Sscan(query.Get("page"), &page)
	fmt.Sscan(query.Get("perPage"), &size)
	items := []object{}
	for _, s := range r.staged {
		if name := query.Get("package"); name == "" || name == s.name {
			items = append(items, s.item())
		}
	}
	total := len(items)
	items = items[min(page*size, total):min((page+1)*size, total)]
	x.json(http.StatusOK, object{{"items", items}, {"total", total}})
}

// tarball is what was sent.
func (s *staged) tarball() []byte {
	var pub publication
	if err := json.Unmarshal(s.body, &pub); err != nil {
		return nil
	}
	data, err := base64.StdEncoding.DecodeString(pub.Attachments[s.name+"-"+s.version+".tgz"].Data)
	if err != nil {
		return nil
	}
	return data
}
