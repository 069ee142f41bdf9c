package telnyxsim

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

const (
	mediaColl = "media"
	mediaLife = 2 * 24 * 60 * 60 // seconds, where none are asked for
	// Documented are 630720000 seconds, 20 years; those are reported as refused.
	maxMediaLife = 630719999
)

// mediaStorage simulates /media. The bytes of an object stand under "_content" in
// base64, the URL that it was made from under "_media_url". Objects whose "expires_at"
// is null live for ever and do not show it. Expired ones stay in the account.
func mediaStorage() part {
	const one = "/media/{media_name}"
	list := mediaList().route("/media")
	list.handle = listMedia
	return part{
		kind: kind{
			name: mediaColl, key: "media_name",
			fields: fields{
				"content_type": {form: text},
				"created_at":   {form: text, check: isTime},
				"expires_at":   {form: text, null: true, check: isTime},
				"media_name":   {form: text, required: true, check: nonEmpty},
				"updated_at":   {form: text, check: isTime},
				"_content":     {form: text, check: isBase64},
				"_media_url":   {form: text},
			},
			defaults: mediaDefaults,
		},
		switches: map[string][]string{
			"_media_paging":        {"none", "pages"},
			"_media_expired":       {"gone", "shown"},
			"_media_post_existing": {"refuse", "replace"},
			"_media_put_ttl":       {"reset", "keep"},
			"_media_put_content":   {"optional", "required"},
			"_media_put_created":   {"keep", "renew"},
		},
		routes: []route{
			list,
			{method: http.MethodPost, pattern: "/media", body: true, form: true, handle: createMedia},
			{method: http.MethodGet, pattern: one, handle: getMedia},
			{method: http.MethodPut, pattern: one, body: true, form: true, handle: putMedia},
			{method: http.MethodDelete, pattern: one, handle: deleteMedia},
			{method: http.MethodGet, pattern: one + "/download", handle: downloadMedia},
		},
	}
}

// mediaDefaults invents a content where there is neither one nor a URL.
func mediaDefaults(obj map[string]any, now string) {
	fill(obj, map[string]any{"created_at": now, "updated_at": now})
	created, _ := time.Parse(time.RFC3339, obj["created_at"].(string)) // fields checked it
	fill(obj, map[string]any{"expires_at": after(created, mediaLife)})
	if from, ok := obj["_media_url"].(string); ok {
		fill(obj, fetched(from))
	}
	fill(obj, map[string]any{
		"content_type": "application/octet-stream",
		"_content":     encoded("content of " + obj["media_name"].(string) + "\n"),
	})
}

// fetched is what a URL gives. Nothing is fetched: the content is made from the URL,
// its type from the file's name, by a table of our own because that of the system
// differs from machine to machine.
func fetched(from string) map[string]any {
	contentType := "application/octet-stream"
	if u, err := url.Parse(from); err == nil {
		switch strings.ToLower(path.Ext(u.Path)) {
		case ".mp3":
			contentType = "audio/mpeg"
		case ".wav":
			contentType = "audio/wav"
		case ".ogg":
			contentType = "audio/ogg"
		case ".mp4":
			contentType = "video/mp4"
		case ".xml":
			contentType = "application/xml"
		case ".txt":
			contentType = "text/plain"
		}
	}
	return map[string]any{"_media_url": from, "_content": encoded("content of " + from + "\n"), "content_type": contentType}
}

func encoded(content string) string { return base64.StdEncoding.EncodeToString([]byte(content)) }

func isBase64(v any) string {
	if _, err := base64.StdEncoding.DecodeString(v.(string)); err != nil {
		return "The field must be base64."
	}
	return ""
}

// after is a time some seconds later.
func after(t time.Time, seconds int64) string {
	return stamp(t.Add(time.Duration(seconds) * time.Second))
}

func expired(obj map[string]any, now time.Time) bool {
	s, _ := obj["expires_at"].(string)
	at, err := time.Parse(time.RFC3339, s)
	return err == nil && !at.After(now)
}

func showMedia(obj map[string]any) map[string]any {
	obj = public(obj)
	if v, there := obj["expires_at"]; there && v == nil {
		obj = maps.Clone(obj)
		delete(obj, "expires_at")
	}
	return obj
}

func mediaList() listing {
	return listing{
		collection: mediaColl, size: 20, show: showMedia,
		filters: []filter{{key: "filter[content_type][]", match: among("content_type")}},
		only: func(c *call) predicate {
			shown := c.acc.switches["_media_expired"] == "shown"
			return func(obj map[string]any) bool { return shown || !expired(obj, c.now) }
		},
	}
}

// listMedia follows the account's switch: no page parameters are documented, yet the
// answer has the meta of pages.
func listMedia(c *call) reply {
	l := mediaList()
	if c.acc.switches["_media_paging"] == "pages" {
		return l.answer(c)
	}
	for _, key := range []string{"page[number]", "page[size]"} {
		if _, given := c.query[key]; given {
			return noParameter(key)
		}
	}
	found, refused := l.find(c)
	if refused != nil {
		return *refused
	}
	return l.reply(found, 1, max(1, len(found)), 1, len(found))
}

// mediaTakes is what both create and update take: a file in a form, a URL in JSON.
func mediaTakes(c *call) (takes fields, source string) {
	takes = fields{"ttl_secs": {form: integer, check: within(1, maxMediaLife)}}
	if !c.form {
		takes["media_url"] = field{form: text, check: withScheme}
		return takes, "media_url"
	}
	takes["media"] = field{form: file}
	// A form has nothing but texts.
	if s, ok := c.body["ttl_secs"].(string); ok && integer.holds(json.Number(s)) {
		c.body["ttl_secs"] = json.Number(s)
	}
	return takes, "media"
}

func createMedia(c *call) reply {
	takes, source := mediaTakes(c)
	takes["media_name"] = field{form: text, check: nonEmpty}
	if ps := takes.require(source).problems("", c.body, false); ps != nil {
		return refuse(http.StatusUnprocessableEntity, ps...)
	}
	media := c.acc.collections[mediaColl]
	name, given := c.body["media_name"].(string)
	if !given {
		name = c.acc.newName(media)
	}
	if old, found := media.get(name); found && !expired(old, c.now) {
		if c.acc.switches["_media_post_existing"] != "replace" {
			return refuse(http.StatusUnprocessableEntity, problem{
				code: "10012", pointer: "/media_name", detail: "There are media of this name already.",
			})
		}
		return data(http.StatusCreated, showMedia(replaceMedia(c, old)))
	}
	media.remove(name) // expired ones, which the new ones do not follow
	obj := map[string]any{
		"media_name": name, "created_at": c.stamp(), "updated_at": c.stamp(), "expires_at": after(c.now, ttl(c, mediaLife)),
	}
	setContent(obj, c.body)
	media.put(obj)
	return data(http.StatusCreated, showMedia(obj))
}

// ttl is the lifetime that was asked for.
func ttl(c *call, def int64) int64 {
	if n, given := c.body["ttl_secs"].(json.Number); given {
		def, _ = strconv.ParseInt(n.String(), 10, 64) // fields checked it
	}
	return def
}

// setContent takes over the file or the URL of a request, if there is one.
func setContent(obj, body map[string]any) {
	if up, ok := body["media"].(upload); ok {
		delete(obj, "_media_url")
		obj["_content"], obj["content_type"] = up.content, up.contentType
	}
	if from, ok := body["media_url"].(string); ok {
		maps.Copy(obj, fetched(from))
	}
}

// replaceMedia stores what an update asks for. What it does to a lifetime that it does
// not mention is not documented, nor what it does to created_at: that follows the
// account's switches.
func replaceMedia(c *call, old map[string]any) map[string]any {
	obj := maps.Clone(old)
	setContent(obj, c.body)
	_, given := c.body["ttl_secs"]
	if given || c.acc.switches["_media_put_ttl"] != "keep" {
		obj["expires_at"] = after(c.now, ttl(c, mediaLife))
	}
	obj["updated_at"] = c.stamp()
	if c.acc.switches["_media_put_created"] == "renew" {
		obj["created_at"] = c.stamp()
	}
	c.acc.collections[mediaColl].put(obj)
	return obj
}

// liveMedia is what the path names, unless it has expired.
func liveMedia(c *call) (map[string]any, bool) {
	obj, found := c.acc.collections[mediaColl].get(c.params["media_name"])
	return obj, found && !expired(obj, c.now)
}

func getMedia(c *call) reply {
	obj, found := c.acc.collections[mediaColl].get(c.params["media_name"])
	if !found || expired(obj, c.now) && c.acc.switches["_media_expired"] != "shown" {
		return notFound("media")
	}
	return data(http.StatusOK, showMedia(obj))
}

func putMedia(c *call) reply {
	old, found := liveMedia(c)
	if !found {
		return notFound("media")
	}
	takes, source := mediaTakes(c)
	if c.acc.switches["_media_put_content"] == "required" {
		takes = takes.require(source)
	}
	if ps := takes.problems("", c.body, false); ps != nil {
		return refuse(http.StatusUnprocessableEntity, ps...)
	}
	return data(http.StatusOK, showMedia(replaceMedia(c, old)))
}

func deleteMedia(c *call) reply {
	if _, found := liveMedia(c); !found {
		return notFound("media")
	}
	c.acc.collections[mediaColl].remove(c.params["media_name"])
	return reply{status: http.StatusNoContent}
}

func downloadMedia(c *call) reply {
	obj, found := liveMedia(c)
	if !found {
		return notFound("media")
	}
	content, _ := base64.StdEncoding.DecodeString(obj["_content"].(string)) // fields checked it
	return reply{status: http.StatusOK, raw: content}
}
