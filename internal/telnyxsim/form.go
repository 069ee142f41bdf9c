package telnyxsim

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/multipart"
	"net/http"
	"unicode/utf8"
)

const (
	maxFile = 20 << 20
	maxForm = maxFile + maxBody // a file and what stands around it
)

// upload is a file that came in a form.
type upload struct {
	contentType string
	content     string // in base64, as the account keeps it
}

// parseForm reads multipart/form-data. Parts with a file name become files, all
// others texts.
func parseForm(boundary string, body []byte) (map[string]any, *reply) {
	if boundary == "" {
		return nil, badBody(http.StatusBadRequest, "/", "The boundary of the parts is not given.")
	}
	values := map[string]any{}
	for form := multipart.NewReader(bytes.NewReader(body), boundary); ; {
		part, err := form.NextPart()
		if err == io.EOF { //nolint:errorlint // a form that breaks off has it wrapped
			return values, nil
		}
		if err != nil {
			return nil, brokenForm(body)
		}
		name := part.FormName()
		if name == "" || !utf8.ValidString(name) {
			return nil, badBody(http.StatusBadRequest, "/", "The body has a part without a name.")
		}
		at := "/" + escapePointer(name)
		if _, given := values[name]; given {
			return nil, badBody(http.StatusBadRequest, at, "The field is given more than once.")
		}
		content, err := io.ReadAll(io.LimitReader(part, maxFile+1))
		if err != nil && len(content) <= maxFile {
			return nil, brokenForm(body)
		}
		var refused *reply
		if values[name], refused = formValue(part, content, at); refused != nil {
			return nil, refused
		}
	}
}

// formValue is the value of a part.
func formValue(part *multipart.Part, content []byte, at string) (any, *reply) {
	isFile := part.FileName() != ""
	switch {
	case isFile && len(content) > maxFile:
		r := unprocessable(at, "The file is larger than 20 MB.")
		return nil, &r
	case !isFile && len(content) > maxBody:
		return nil, badBody(http.StatusRequestEntityTooLarge, at, "The field is larger than 1 MB.")
	case !isFile && !utf8.Valid(content):
		return nil, badBody(http.StatusBadRequest, at, "The field is not UTF-8.")
	case !isFile:
		return string(content), nil
	}
	up := upload{contentType: part.Header.Get("Content-Type"), content: base64.StdEncoding.EncodeToString(content)}
	if up.contentType == "" {
		up.contentType = "application/octet-stream"
	}
	return up, nil
}

// brokenForm refuses a form that cannot be read to its end.
func brokenForm(body []byte) *reply {
	if len(body) > maxForm {
		return badBody(http.StatusRequestEntityTooLarge, "/", "The body is larger than 21 MB.")
	}
	return badBody(http.StatusBadRequest, "/", "The body is not well-formed multipart/form-data.")
}
